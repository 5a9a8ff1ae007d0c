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
  const int64_t pixels = image.height * image.width;
  const torch::Tensor planes = torch::empty({1, 3, image.height, image.width}, torch::kUInt8);
  uint8_t* out = planes.data_ptr<uint8_t>();
  for (int64_t channel = 0; channel < 3; ++channel) {
    const uint8_t* from = image.pixels.data() + channel;
    for (int64_t i = 0; i < pixels; ++i) *out++ = from[3 * i];
  }
  return planes;
}

Mask mask_of_logits(const torch::Tensor& logits) {
  if (logits.dim() != 2) fail("mask_of_logits", "expected [H,W], got [{}]", fmt::join(logits.sizes(), ","));
  Mask mask(logits.size(0), logits.size(1));
  const torch::Tensor on_cpu = logits.to(torch::kCPU, torch::kFloat32).contiguous();
  const float* values = on_cpu.data_ptr<float>();
  for (size_t i = 0; i < mask.pixels.size(); ++i) mask.pixels[i] = values[i] > 0;  // several times faster than torch's
  return mask;
}

}  // namespace hqsam
