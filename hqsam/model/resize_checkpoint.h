// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/model/sam_hq.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {

// The tensors (SAM's key names) of a model of `from` for the same model at another image size, which then is a model of
// that size like any other. What depends on the size is interpolated, once:
// - the ViT's absolute position embedding bicubically, without aligned corners and without antialiasing (as DINO does;
//   SAM itself has no rule for it);
// - the relative-position tables of its global blocks linearly, as SAM does when a table does not fit;
// - nothing of TinyViT: its biases belong to windows, and its resolutions follow the picture's.
// Throws Error for a size that the encoder cannot have.
TensorMap resize_checkpoint(TensorMap checkpoint, const SamHqOptions& from, int64_t image_size);

}  // namespace hqsam
