// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/mask.h"

#include <algorithm>
#include <cstring>

namespace hqsam {

int64_t area(const Mask& mask) { return std::count(mask.pixels.begin(), mask.pixels.end(), uint8_t{1}); }

std::optional<Box> bounding_box(const Mask& mask) {
  int64_t left = mask.width, right = -1, top = -1, bottom = -1;
  for (int64_t y = 0; y < mask.height; ++y) {
    const uint8_t* row = mask.pixels.data() + y * mask.width;
    const void* first = std::memchr(row, 1, static_cast<size_t>(mask.width));
    if (first == nullptr) continue;
    left = std::min<int64_t>(left, static_cast<const uint8_t*>(first) - row);
    int64_t x = mask.width - 1;
    while (x > right && row[x] == 0) --x;
    right = x;
    if (top < 0) top = y;
    bottom = y;
  }
  if (top < 0) return std::nullopt;
  return Box{static_cast<double>(left), static_cast<double>(top), static_cast<double>(right),
             static_cast<double>(bottom)};
}

}  // namespace hqsam
