// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "hqsam/core/geometry.h"
#include "hqsam/mask/mask.h"

namespace hqsam {

// An 8-bit picture, row-major, channels interleaved: RGB (3 channels) or gray (1).
struct Image {
  Image() = default;
  Image(int64_t height, int64_t width, int64_t channels, uint8_t value = 0)
      : height(height), width(width), channels(channels), pixels(height * width * channels, value) {}

  int64_t height = 0, width = 0, channels = 0;
  std::vector<uint8_t> pixels;

  uint8_t* at(int64_t y, int64_t x) { return pixels.data() + (y * width + x) * channels; }
  const uint8_t* at(int64_t y, int64_t x) const { return pixels.data() + (y * width + x) * channels; }
  Size size() const { return {height, width}; }
  bool operator==(const Image&) const = default;
};

// Throws Error("[function] ...") unless the image is gray or RGB and holds its pixels, at least one.
void check_image(const char* function, const Image& image);

// Gray values above 128 become inside: the field's rule for ground truth.
Mask threshold_label(const Image& gray);
// Inside becomes 255.
Image mask_to_gray(const Mask& mask);

}  // namespace hqsam
