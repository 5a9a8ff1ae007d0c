// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hqsam/core/geometry.h"

namespace hqsam {

// torch's interpolate (bilinear, align_corners=false, no antialias) of one plane of floats, row-major.
// A plain loop: workers that prepare samples must not start thread pools of their own.
std::vector<float> resize_plane(const float* plane, Size from, Size to);

}  // namespace hqsam
