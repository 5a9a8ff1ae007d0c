// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "hqsam/core/geometry.h"

namespace hqsam {

// A binary mask, row-major, one byte per pixel: 0 outside, 1 inside.
struct Mask {
  Mask() = default;
  Mask(int64_t height, int64_t width) : height(height), width(width), pixels(height * width, 0) {}

  int64_t height = 0, width = 0;
  std::vector<uint8_t> pixels;

  uint8_t& at(int64_t y, int64_t x) { return pixels[y * width + x]; }
  uint8_t at(int64_t y, int64_t x) const { return pixels[y * width + x]; }
  Size size() const { return {height, width}; }
  bool operator==(const Mask&) const = default;
};

int64_t area(const Mask& mask);

// In the mask's frame: x1, y1 are the last pixels inside, as in SAM's training boxes. Nothing for an empty mask.
std::optional<Box> bounding_box(const Mask& mask);

}  // namespace hqsam
