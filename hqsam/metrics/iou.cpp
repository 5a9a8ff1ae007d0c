// SPDX-License-Identifier: Apache-2.0
#include "hqsam/metrics/iou.h"

#include "hqsam/core/error.h"
#include "hqsam/mask/bits.h"
#include "hqsam/mask/boundary.h"

namespace hqsam {
namespace {

double ratio(const Overlap& pixels) {
  if (pixels.union_ == 0) return 1;
  return static_cast<double>(pixels.intersection) / static_cast<double>(pixels.union_);
}

}  // namespace

void check_sizes(const char* function, const Mask& prediction, const Mask& truth) {
  if (prediction.size() == truth.size()) return;
  fail(function, "expected a prediction of the truth's size {} x {}, got {} x {} (height x width)", truth.height,
       truth.width, prediction.height, prediction.width);
}

double mask_iou(const Mask& prediction, const Mask& truth) {
  check_sizes("mask_iou", prediction, truth);
  return ratio(overlap(prediction, truth));
}

double boundary_iou(const Mask& prediction, const Mask& truth, double dilation_ratio) {
  check_sizes("boundary_iou", prediction, truth);
  const int64_t width = boundary_width(truth.size(), dilation_ratio);
  return ratio(overlap(boundary_band(pack(prediction), width), boundary_band(pack(truth), width)));
}

PairScores pair_scores(const Mask& prediction, const Mask& truth, double dilation_ratio, double strict_ratio) {
  check_sizes("pair_scores", prediction, truth);
  const BitMask a = pack(prediction), b = pack(truth);
  const auto in_band = [&](double share) {
    const int64_t width = boundary_width(truth.size(), share);
    return ratio(overlap(boundary_band(a, width), boundary_band(b, width)));
  };
  return {ratio(overlap(a, b)), in_band(dilation_ratio), in_band(strict_ratio)};
}

}  // namespace hqsam
