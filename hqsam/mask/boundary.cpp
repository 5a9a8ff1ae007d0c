// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/boundary.h"

#include <algorithm>
#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/mask/bits.h"

namespace hqsam {

int64_t boundary_width(Size size, double dilation_ratio) {
  if (!(dilation_ratio >= 0 && dilation_ratio <= 1)) {
    fail("boundary_width", "expected a dilation ratio between 0 and 1, got {}", dilation_ratio);
  }
  const double height = static_cast<double>(size.height), width = static_cast<double>(size.width);
  // Rounds halves to even, as the metric's published code does.
  const double rounded = std::nearbyint(dilation_ratio * std::sqrt(height * height + width * width));
  return std::max<int64_t>(1, static_cast<int64_t>(rounded));
}

Mask boundary_band(const Mask& mask, int64_t width) { return unpack(boundary_band(pack(mask), width)); }

}  // namespace hqsam
