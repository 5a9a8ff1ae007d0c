// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hqsam/amg/crops.h"
#include "hqsam/mask/packed.h"
#include "hqsam/prompt/input_frame.h"

namespace hqsam {

// The part of low-res logits [M,M] that matters: around all that is above a threshold, and two more on each side.
struct LowResWindow {
  int64_t top = 0, left = 0, height = 0, width = 0;  // of M x M; empty where nothing is above
  std::vector<float> logits;                         // row-major
};
LowResWindow window_of(const float* logits, int64_t side, double threshold);

// Of how many logits are above a threshold: stability = above_high / above_low, as a float; 0 where that is of none.
struct StabilityCounts {
  int64_t above_high = 0, above_low = 0;
  float stability() const;
};

// Brings low-res logits of a crop to its pixels as PictureSession::logits_in_image does, row by row and only where they
// may be above the threshold, and keeps one bit of each: the mask in the frame of the picture that the crop is of.
// Plain loops, from any thread.
class MaskUpscaler {
 public:
  // frame: of the crop, under Protocol::kKeepAspect. side and mask_side: the model's image_size and mask_input_size.
  MaskUpscaler(const InputFrame& frame, int64_t side, int64_t mask_side, const Crop& crop, Size picture);

  struct Upscaled {
    PackedMask mask;  // logits > 0
    StabilityCounts counts;
  };
  // The window must be of a threshold of at most 0, for the counts of at most -offset.
  Upscaled run(const LowResWindow& low_res, double offset) const;

 private:
  // Where the values along an axis come from: (1 - weight) * from[first] + weight * from[second].
  struct Axis {
    std::vector<int32_t> first, second;
    std::vector<float> weight;
  };
  struct Range {
    int64_t begin = 0, end = 0;
    bool empty() const { return end <= begin; }
    int64_t size() const { return end - begin; }
  };
  struct Ranges {
    Range low, square, image;
  };
  class Rows;
  static Axis axis(int64_t from, int64_t to, int64_t kept);
  static Range reached(const Axis& axis, Range from);
  static Ranges ranges(const Axis& square, const Axis& image, int64_t begin, int64_t count);

  Axis square_y_, square_x_, image_y_, image_x_;
  Crop crop_;
  Size picture_;
};

}  // namespace hqsam
