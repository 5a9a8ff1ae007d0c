// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "hqsam/core/error.h"

namespace hqsam {

// A whole number of any type as a raster's int32. Throws Error where it does not fit.
template <class Number>
int32_t to_int32(Number value, const std::string& name) {
  if (!std::in_range<int32_t>(value)) {
    fail("read_image", "{} holds the value {}, hqsam reads whole numbers from {} to {}", name, value,
         std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max());
  }
  return static_cast<int32_t>(value);
}

// Beyond a float's range: infinite.
inline float to_float(double value) {
  constexpr double kMost = std::numeric_limits<float>::max();
  if (std::abs(value) > kMost)
    return std::copysign(std::numeric_limits<float>::infinity(), static_cast<float>(value > 0 ? 1 : -1));
  return static_cast<float>(value);
}

// IEEE 754's 16 bits: sign, 5 bits of exponent, 10 of the fraction.
inline float half_to_float(uint16_t half) {
  const int exponent = half >> 10 & 31, fraction = half & 1023;
  float value = 0;
  if (exponent == 31) {
    value = fraction != 0 ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity();
  } else {
    value =
        std::ldexp(static_cast<float>(exponent == 0 ? fraction : fraction + 1024), (exponent == 0 ? 1 : exponent) - 25);
  }
  return (half & 0x8000) != 0 ? -value : value;
}

}  // namespace hqsam
