// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace hqsam {

// Passes over pixels that compilers turn into wide instructions.

// Whether any of count values is above the limit.
bool any_above(const uint8_t* values, int64_t count, uint8_t limit);
bool any_above(const float* values, int64_t count, float limit);
// How many are.
int64_t count_above(const uint8_t* values, int64_t count, uint8_t limit);
int64_t count_above(const float* values, int64_t count, float limit);

// How often a mask's usual values come.
struct UsualValues {
  int64_t zeros = 0, ones = 0, whites = 0;  // 0, 1, 255
};
UsualValues count_usual(const uint8_t* values, int64_t count);

}  // namespace hqsam
