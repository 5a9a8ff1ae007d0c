// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/mask/mask.h"

namespace hqsam {

// Throws Error naming the function unless the masks have the same size.
void check_sizes(const char* function, const Mask& prediction, const Mask& truth);

// |a and b| / |a or b|; 1 where both are empty. Masks must have the same size.
double mask_iou(const Mask& prediction, const Mask& truth);

// IoU of the two boundary bands (Cheng et al., CVPR 2021); 1 where both are empty.
double boundary_iou(const Mask& prediction, const Mask& truth, double dilation_ratio = 0.02);

// All of a pair at once, equal to the functions above, in the time of little more than one of them.
struct PairScores {
  double iou = 0, boundary_iou = 0, strict_boundary_iou = 0;
};
PairScores pair_scores(const Mask& prediction, const Mask& truth, double dilation_ratio = 0.02,
                       double strict_ratio = 0.01);

}  // namespace hqsam
