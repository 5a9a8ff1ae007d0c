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
  if (logits.is_cpu()) {  // a plain loop is several times faster than torch's
    const torch::Tensor values = logits.to(torch::kFloat32).contiguous();
    const float* at = values.data_ptr<float>();
    for (uint8_t& pixel : mask.pixels) pixel = *at++ > 0;
  } else {
    const torch::Tensor inside = (logits > 0).to(torch::kUInt8).cpu().contiguous();
    std::memcpy(mask.pixels.data(), inside.data_ptr(), mask.pixels.size());
  }
  return mask;
}

void bits_of_logits(const torch::Tensor& logits, BitMask& bits) {
  if (logits.dim() != 2) fail("bits_of_logits", "expected [H,W], got [{}]", fmt::join(logits.sizes(), ","));
  bits.size = {logits.size(0), logits.size(1)};
  bits.words_per_row = (bits.size.width + 63) / 64;
  bits.words.resize(static_cast<size_t>(bits.size.height * bits.words_per_row));
  if (!logits.is_cpu()) {
    const torch::Tensor inside = (logits > 0).to(torch::kUInt8).cpu().contiguous();
    const uint8_t* at = inside.data_ptr<uint8_t>();
    for (int64_t y = 0; y < bits.size.height; ++y) pack_row(at + y * bits.size.width, bits.size.width, bits.row(y));
    return;
  }
  const torch::Tensor values = logits.to(torch::kFloat32).contiguous();
  std::vector<uint8_t> row(static_cast<size_t>(bits.size.width));
  const float* at = values.data_ptr<float>();
  for (int64_t y = 0; y < bits.size.height; ++y) {
    for (uint8_t& pixel : row) pixel = *at++ > 0;
    pack_row(row.data(), bits.size.width, bits.row(y));
  }
}

void upsample_into(const torch::Tensor& low_res, Size size, torch::Tensor& room) {
  const std::vector<int64_t> shape = {low_res.size(0), low_res.size(1), size.height, size.width};
  const bool fits =
      room.defined() && room.sizes() == shape && room.dtype() == low_res.dtype() && room.device() == low_res.device();
  if (!fits) room = torch::empty(shape, low_res.options());
  at::upsample_bilinear2d_out(room, low_res, {size.height, size.width}, /*align_corners=*/false);
}

}  // namespace hqsam
