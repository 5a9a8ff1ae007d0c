// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "hqsam/mask/bits.h"
#include "hqsam/mask/rle.h"

namespace hqsam {

// A mask of a picture that is kept small: bits, and of them only the rows and 64-pixel columns around its inside.
struct PackedMask {
  Size size;               // of the picture, pixels
  int64_t top = 0;         // row of the window's first
  int64_t left = 0;        // column of the window's first pixel, a multiple of 64
  BitMask window;          // ends with the last row and column that hold something inside; empty where nothing does
  int64_t area = 0;        // pixels inside
  std::optional<Box> box;  // in the picture's frame, as bounding_box()

  int64_t bytes() const { return static_cast<int64_t>(sizeof(PackedMask) + window.words.size() * sizeof(uint64_t)); }
};
using SharedMask = std::shared_ptr<const PackedMask>;

PackedMask pack_tightly(const BitMask& bits);
PackedMask pack_tightly(const Mask& mask);
// The same without the whole picture in between. Throws as rle_decode.
PackedMask pack_tightly(const Rle& rle);
Mask unpack(const PackedMask& mask);
// Into bytes that are used again: 0 outside, `inside` inside.
void unpack_into(const PackedMask& mask, uint8_t inside, std::vector<uint8_t>& pixels);
// boundary_band (boundary.h); what lies beyond the window is outside, as it is.
PackedMask boundary_band(const PackedMask& mask, int64_t width);
// The mask's pixels that are not in `other`, of the picture's size. Throws Error unless the sizes are equal.
PackedMask without(const PackedMask& mask, const BitMask& other);
// Throws Error unless the sizes are equal.
Overlap overlap(const PackedMask& a, const PackedMask& b);
bool operator==(const PackedMask& a, const PackedMask& b);

}  // namespace hqsam
