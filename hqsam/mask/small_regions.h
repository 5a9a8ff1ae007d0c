// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/mask/packed.h"

namespace hqsam {

// SAM's clean-up of a mask; pixels that touch at corners are connected.
struct WithoutSmallRegions {
  PackedMask mask;
  bool changed = false;
};
// A region outside of the mask of fewer than min_area pixels is filled, also one at the picture's border.
WithoutSmallRegions without_small_holes(const PackedMask& mask, int64_t min_area);
// A region of the mask of fewer than min_area pixels is removed; of several that are all so small the largest stays,
// and that counts as a change.
WithoutSmallRegions without_small_islands(const PackedMask& mask, int64_t min_area);
// First the one, then the other.
WithoutSmallRegions without_small_regions(const PackedMask& mask, int64_t min_area);

}  // namespace hqsam
