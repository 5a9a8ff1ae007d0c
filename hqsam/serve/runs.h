// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hqsam/mask/packed.h"

namespace hqsam {

// A mask as the page has it: row-major runs that begin with the outside (it may have 0 pixels) and add up to
// height * width.
std::vector<int64_t> row_runs(const PackedMask& mask);

// Throws ApiError (400) unless the runs are at least 0 (0 the first alone) and add up to the size's pixels.
PackedMask mask_of_runs(Size size, std::span<const int64_t> runs);

}  // namespace hqsam
