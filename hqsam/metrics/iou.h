// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/mask/mask.h"

namespace hqsam {

// |a and b| / |a or b|; 1 where both are empty. Masks must have the same size.
double mask_iou(const Mask& prediction, const Mask& truth);

// IoU of the two boundary bands (Cheng et al., CVPR 2021); 1 where both are empty.
double boundary_iou(const Mask& prediction, const Mask& truth, double dilation_ratio = 0.02);

}  // namespace hqsam
