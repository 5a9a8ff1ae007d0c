// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hqsam/mask/mask.h"

namespace hqsam {

// For each pixel inside, the squared Euclidean distance to the nearest pixel outside; 0 outside. What lies
// beyond the picture's border counts as outside. Row-major, exact, O(pixels): one pass over columns, then the
// lower envelope of parabolas per row (Felzenszwalb and Huttenlocher, Theory of Computing 2012).
std::vector<int64_t> squared_distance_to_outside(const Mask& mask);

}  // namespace hqsam
