// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <string>

#include "hqsam/image/raster.h"
#include "hqsam/mask/mask.h"
#include "hqsam/predict/stated_prompt.h"

namespace hqsam {

// One mask from a file's samples, in their own frame: of one channel (or of equal ones), 0 and 1 (one_bit becomes
// true), or gray, inside above 128 of 255 (16 bits: of 65535; floats up to 1: of 1); soft edges and, with lossy, a
// JPEG's noise are let pass. Throws Error with the values found for colours, opacity, several values that are no soft
// edge (ids, classes, trimaps), and where nothing is inside. name stands in messages.
Mask mask_of_raster(const Raster& raster, const std::string& name, bool lossy, bool* one_bit = nullptr);

// A mask prompt [1,M,M], M = mask_input_size, from a mask of the picture's size, or from a .safetensors of one
// low_res_logits, as it is. Masks are turned upright by their own EXIF tag; one that fits the picture's stored pixels
// alone is turned with them.
torch::Tensor read_mask_prompt(const std::filesystem::path& path, const PictureFrame& picture, int64_t image_size,
                               int64_t mask_input_size);

}  // namespace hqsam
