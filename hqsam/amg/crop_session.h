// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hqsam/amg/crops.h"
#include "hqsam/amg/found_mask.h"
#include "hqsam/amg/options.h"
#include "hqsam/amg/upscale.h"
#include "hqsam/predict/picture_session.h"

namespace hqsam {

// A crop of a picture that was encoded, and how its masks get into the picture.
struct CropSession {
  CropSession(const SamHq& model, const Image& picture, const Crop& crop);

  // A point in the crop, as a prompt.
  Prompt prompt_of(const Point& in_crop) const;

  Crop crop;
  int64_t side, mask_side;  // the model's image_size and mask_input_size
  PictureSession session;
  MaskUpscaler upscaler;
};

// low_res [1,1,M,M] on any device -> what is above the threshold.
LowResWindow window_of(const torch::Tensor& low_res, double threshold);

// Whether a box in the picture ends at the crop's edge (within 20 pixels) and not at the picture's: what it holds may
// go on beyond the crop.
bool ends_at_edge(const Box& box, const Crop& crop, Size picture);

// SAM's algorithm on one crop: its points, as shares of its size, to masks in the picture's frame.
std::vector<FoundMask> exact_masks_of(CropSession& crop, const std::vector<Point>& grid, Size picture,
                                      const AmgOptions& options);

}  // namespace hqsam
