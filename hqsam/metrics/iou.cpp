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

double mask_iou(const PackedMask& prediction, const PackedMask& truth) { return ratio(overlap(prediction, truth)); }

double mask_iou(const Mask& prediction, const Mask& truth) {
  check_sizes("mask_iou", prediction, truth);
  return ratio(overlap(prediction, truth));
}

double boundary_iou(const Mask& prediction, const Mask& truth, double dilation_ratio) {
  check_sizes("boundary_iou", prediction, truth);
  const int64_t width = boundary_width(truth.size(), dilation_ratio);
  return ratio(overlap(boundary_band(pack(prediction), width), boundary_band(pack(truth), width)));
}

const PackedMask& BandedMask::band() const {
  std::call_once(once_, [this] { band_ = boundary_band(*mask_, boundary_width(mask_->size, ratio_)); });
  return band_;
}

const PackedMask& BandedMask::strict_band() const {
  std::call_once(strict_once_,
                 [this] { strict_band_ = boundary_band(*mask_, boundary_width(mask_->size, strict_ratio_)); });
  return strict_band_;
}

PairScores pair_scores(const BandedMask& prediction, const BandedMask& truth) {
  return {ratio(overlap(prediction.mask(), truth.mask())), ratio(overlap(prediction.band(), truth.band())),
          ratio(overlap(prediction.strict_band(), truth.strict_band()))};
}

PairScores pair_scores(const Mask& prediction, const Mask& truth, double dilation_ratio, double strict_ratio) {
  check_sizes("pair_scores", prediction, truth);
  const auto share = [](const Mask& mask) { return std::make_shared<const PackedMask>(pack_tightly(mask)); };
  return pair_scores(BandedMask(share(prediction), dilation_ratio, strict_ratio),
                     BandedMask(share(truth), dilation_ratio, strict_ratio));
}

}  // namespace hqsam
