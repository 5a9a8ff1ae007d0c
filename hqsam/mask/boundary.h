// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/mask/mask.h"

namespace hqsam {

// Width of the boundary band in pixels: round(dilation_ratio * image diagonal), at least 1
// (Cheng et al., Boundary IoU, CVPR 2021; 0.02 is its default, 0.01 the strict form of UVO and LVIS).
int64_t boundary_width(Size size, double dilation_ratio = 0.02);

// The pixels of mask within `width` pixels (chessboard distance) of its outside; what lies beyond the
// picture's border counts as outside. Equals mask minus `width` erosions by a 3x3 square.
Mask boundary_band(const Mask& mask, int64_t width);

}  // namespace hqsam
