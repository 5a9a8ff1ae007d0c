// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "hqsam/mask/packed.h"

namespace hqsam {

// Of masks of one picture, which lies in which: the smallest of those larger masks that hold at least `share` of its
// pixels, by its index; of two of one size the earlier counts as the larger.
std::vector<std::optional<size_t>> parents_of(std::span<const PackedMask* const> masks, double share = 0.9);

}  // namespace hqsam
