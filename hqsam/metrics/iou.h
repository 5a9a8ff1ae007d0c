// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>

#include "hqsam/mask/packed.h"

namespace hqsam {

// Throws Error naming the function unless the masks have the same size.
void check_sizes(const char* function, const Mask& prediction, const Mask& truth);

// |a and b| / |a or b|; 1 where both are empty. Masks must have the same size.
double mask_iou(const Mask& prediction, const Mask& truth);
double mask_iou(const PackedMask& prediction, const PackedMask& truth);

// IoU of the two boundary bands (Cheng et al., CVPR 2021); 1 where both are empty.
double boundary_iou(const Mask& prediction, const Mask& truth, double dilation_ratio = 0.02);

// A mask with its two boundary bands, each made when it is first asked for; safe to use from several threads.
class BandedMask {
 public:
  BandedMask(SharedMask mask, double dilation_ratio, double strict_ratio)
      : mask_(std::move(mask)), ratio_(dilation_ratio), strict_ratio_(strict_ratio) {}

  const PackedMask& mask() const { return *mask_; }
  const PackedMask& band() const;
  const PackedMask& strict_band() const;

 private:
  SharedMask mask_;
  double ratio_, strict_ratio_;
  mutable std::once_flag once_, strict_once_;
  mutable PackedMask band_, strict_band_;
};

// All of a pair at once, equal to the functions above, in the time of little more than one of them.
struct PairScores {
  double iou = 0, boundary_iou = 0, strict_boundary_iou = 0;
};
PairScores pair_scores(const BandedMask& prediction, const BandedMask& truth);
PairScores pair_scores(const Mask& prediction, const Mask& truth, double dilation_ratio = 0.02,
                       double strict_ratio = 0.01);

}  // namespace hqsam
