// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/mask/packed.h"

namespace hqsam {

// A rectangle of pixels: columns x0 to x1 - 1, rows y0 to y1 - 1.
struct PixelBox {
  int64_t x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  bool empty() const { return x1 <= x0 || y1 <= y0; }
};
PixelBox common_part(const PixelBox& a, const PixelBox& b);

// The mask's pixels within the rectangle.
int64_t area_within(const PackedMask& mask, const PixelBox& part);

// The pixels of either. Throws Error unless the sizes are equal.
PackedMask united(const PackedMask& a, const PackedMask& b);

}  // namespace hqsam
