// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "hqsam/mask/packed.h"

namespace hqsam {

// Of two whose IoU is above `most` the one with the higher score stays, of equal scores the earlier. Indices of those
// that stay, best first. IoU of boxes is that of the areas between their corners, in float, as torchvision's nms.
std::vector<size_t> suppress_boxes(std::span<const Box> boxes, std::span<const double> scores, double most);

// The same by the IoU of masks of one picture's size.
std::vector<size_t> suppress_masks(std::span<const PackedMask* const> masks, std::span<const double> scores,
                                   double most);

// What the areas and boxes alone say of the pixels that two masks have in common: at most so many.
int64_t most_in_common(const PackedMask& a, const PackedMask& b);

}  // namespace hqsam
