// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/image/draw.h"

namespace hqsam {

inline constexpr Color kFoundBoundary = {236, 236, 236}, kFalseBoundary = {235, 64, 52},
                       kMissedBoundary = {58, 134, 255};

// Where a prediction's boundary band (of `dilation` of the diagonal, as in boundary IoU) agrees with the truth's,
// where it has pixels that the truth's has not, and where it misses some, over the darkened picture. Boundary IoU
// is the share of kFoundBoundary among the three. RGB; the masks are of the picture's size, else Error.
Image boundary_errors(const Image& image, const Mask& prediction, const Mask& truth, double dilation);

}  // namespace hqsam
