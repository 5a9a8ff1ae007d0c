// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "hqsam/mask/mask.h"

namespace hqsam {

// A mask at one bit per pixel: what erosions and counts of whole pictures run on, 64 pixels a step.
// Each row begins a new word; the lowest bit is the leftmost pixel; bits past the row's end are 0.
struct BitMask {
  Size size;
  int64_t words_per_row = 0;
  std::vector<uint64_t> words;

  uint64_t* row(int64_t y) { return words.data() + y * words_per_row; }
  const uint64_t* row(int64_t y) const { return words.data() + y * words_per_row; }
};

// Throws Error naming the function unless two masks have one size.
void check_one_size(const char* function, Size a, Size b);

BitMask pack(const Mask& mask);
// One row; pixels are 0 or 1, and 0 or `inside`.
void pack_row(const uint8_t* pixels, int64_t width, uint64_t* words);
void unpack_row(const uint64_t* words, int64_t width, uint8_t inside, uint8_t* pixels);
Mask unpack(const BitMask& bits);

// boundary_band (boundary.h) on bits.
BitMask boundary_band(const BitMask& mask, int64_t width);

// Pixels inside both, pixels inside either. Throws Error unless the sizes are equal.
struct Overlap {
  int64_t intersection = 0, union_ = 0;
};
Overlap overlap(const BitMask& a, const BitMask& b);
Overlap overlap(const Mask& a, const Mask& b);
// Bits that are 1 in both of two runs of words.
int64_t common_bits(const uint64_t* a, const uint64_t* b, int64_t words);

}  // namespace hqsam
