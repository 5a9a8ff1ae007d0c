// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/tensor_image.h"

#include <cstring>

#include "hqsam/core/error.h"

namespace hqsam {

torch::Tensor image_to_tensor(const Image& image) {
  if (image.channels != 3 || image.height < 1 || image.width < 1) {
    fail("image_to_tensor", "expected an RGB picture, got {}x{} pixels with {} channels; read it with read_image",
         image.width, image.height, image.channels);
  }
  const torch::Tensor interleaved = torch::empty({image.height, image.width, 3}, torch::kUInt8);
  std::memcpy(interleaved.data_ptr(), image.pixels.data(), image.pixels.size());
  return interleaved.permute({2, 0, 1}).contiguous().unsqueeze(0);
}

Mask mask_of_logits(const torch::Tensor& logits) {
  if (logits.dim() != 2) fail("mask_of_logits", "expected [H,W], got [{}]", fmt::join(logits.sizes(), ","));
  const torch::Tensor inside = (logits > 0).to(torch::kUInt8).cpu().contiguous();
  Mask mask(inside.size(0), inside.size(1));
  std::memcpy(mask.pixels.data(), inside.data_ptr(), mask.pixels.size());
  return mask;
}

}  // namespace hqsam
