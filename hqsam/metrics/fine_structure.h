// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "hqsam/mask/mask.h"

namespace hqsam {

// IoU on thin parts. With r = max(1, round(thickness * diagonal)) pixels, the truth's thin parts are what its opening
// by a square of 2 r + 1 pixels takes away; the IoU is counted within r pixels (chessboard distance) of them, so it
// neither asks for the thick parts nor forgives a thin part drawn too wide. Nothing where the truth has no thin part.
// thickness: 0.01 of the diagonal makes thin what is narrower than about 2 % of it. Throws Error unless the sizes are
// equal.
std::optional<double> thin_iou(const Mask& prediction, const Mask& truth, double thickness = 0.01);

// Human correction efforts (Qin et al., Highly Accurate Dichotomous Image Segmentation, ECCV 2022): an estimate of the
// mouse clicks that correct a prediction, the sum of
// - points: the corners, by Ramer-Douglas-Peucker with a tolerance of `tolerance` pixels, of the borders of false
//   regions that touch what is right there, and
// - regions: false regions that touch nothing, one click each;
// for wrongly marked and for missed regions alike. Regions thinner than about 2 * relax pixels along the object's edge
// are forgiven, but missed parts of the truth's skeleton are not. Equal to the paper's published evaluation with
// scikit-image and OpenCV 4 (tests/parity/hce.py).
struct CorrectionEfforts {
  int64_t points = 0, regions = 0;
  int64_t total() const { return points + regions; }
};
CorrectionEfforts human_correction_efforts(const Mask& prediction, const Mask& truth, int64_t relax = 5,
                                           double tolerance = 2.0);

}  // namespace hqsam
