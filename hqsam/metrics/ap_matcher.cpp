// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "hqsam/core/bounds.h"
#include "hqsam/core/error.h"
#include "hqsam/mask/boundary.h"
#include "hqsam/metrics/average_precision.h"

namespace hqsam {
namespace {

// Area ranges in pixels, both ends included: all, small, medium, large.
constexpr double kAreas[kApAreas][2] = {{0, 1e10}, {0, 32.0 * 32}, {32.0 * 32, 96.0 * 96}, {96.0 * 96, 1e10}};

bool outside(double area, size_t range) { return area < kAreas[range][0] || area > kAreas[range][1]; }

double ratio(const Overlap& pixels, bool crowd, int64_t of_prediction) {
  if (pixels.intersection == 0) return 0;
  const int64_t whole = crowd ? of_prediction : pixels.union_;
  return static_cast<double>(pixels.intersection) / static_cast<double>(whole);
}

bool apart(const std::optional<Box>& a, const std::optional<Box>& b) {
  return !a || !b || a->x1 < b->x0 || b->x1 < a->x0 || a->y1 < b->y0 || b->y1 < a->y0;
}

// Overlaps of one category's predictions with its truths, for one form: [prediction][truth].
using Overlaps = std::vector<std::vector<double>>;

// COCO's greedy assignment at one threshold: each prediction, in order of score, takes the free truth of largest
// overlap; ignored truths go only to predictions that find no other. order: truths with ignored ones last.
// -> the truth of each prediction, or -1.
std::vector<int64_t> assign(const Overlaps& overlaps, const std::vector<size_t>& order,
                            const std::vector<bool>& ignored, const std::vector<bool>& crowd, double threshold) {
  std::vector<int64_t> truth_of(overlaps.size(), -1);
  std::vector<bool> taken(order.size(), false);
  for (size_t row = 0; row < overlaps.size(); ++row) {
    double best = std::min(threshold, 1 - 1e-10);
    int64_t chosen = -1;
    for (const size_t truth : order) {
      if (taken[truth] && !crowd[truth]) continue;
      if (chosen >= 0 && !ignored[static_cast<size_t>(chosen)] && ignored[truth]) break;
      if (overlaps[row][truth] < best) continue;
      best = overlaps[row][truth];
      chosen = static_cast<int64_t>(truth);
    }
    truth_of[row] = chosen;
    if (chosen >= 0) taken[static_cast<size_t>(chosen)] = true;
  }
  return truth_of;
}

}  // namespace

std::array<double, kApThresholds> ap_thresholds() {
  std::array<double, kApThresholds> thresholds;
  const double step = (0.95 - 0.5) / (kApThresholds - 1);
  for (size_t i = 0; i < kApThresholds; ++i) thresholds[i] = 0.5 + static_cast<double>(i) * step;
  thresholds.back() = 0.95;
  return thresholds;
}

void ApOptions::validate() const {
  require_within("ApOptions", "max_detections", max_detections, 1, 1'000'000);
  require_within("ApOptions", "max_detections_in_picture", max_detections_in_picture, 0, 1'000'000, " (0 = no limit)");
  for (const double share : {boundary, boundary_strict}) {
    if (!(share > 0 && share < 1)) {
      fail("ApOptions", "a boundary is a share of the diagonal, above 0 and below 1, got {}", share);
    }
  }
}

namespace {

std::shared_ptr<const BandedMask> banded(const Mask& mask, const ApOptions& options) {
  return std::make_shared<const BandedMask>(std::make_shared<const PackedMask>(pack_tightly(mask)), options.boundary,
                                            options.boundary_strict);
}

const PackedMask& form_of(const BandedMask& mask, size_t form) {
  return form == 0 ? mask.mask() : form == 1 ? mask.band() : mask.strict_band();
}

}  // namespace

ApMatcher::ApMatcher(const std::vector<ApTruth>& truths, const ApOptions& options, ApFederation federation)
    : options_(options), federation_(std::move(federation)), truths_(truths) {
  options_.validate();
  for (ApTruth& truth : truths_) {
    if (!truth.banded) truth.banded = banded(*truth.mask, options_);
    truth.mask = nullptr;
    if (truth.area < 0) truth.area = static_cast<double>(truth.banded->mask().area);
  }
}

std::vector<size_t> ApMatcher::columns(int64_t category) const {
  std::vector<size_t> columns;
  for (size_t i = 0; i < truths_.size(); ++i) {
    if (truths_[i].category == category) columns.push_back(i);
  }
  return columns;
}

ApRow ApMatcher::compare(const BandedMask& mask, int64_t category, double score) const {
  const std::vector<size_t> truths = columns(category);
  ApRow row{category, score, mask.mask().area};
  row.overlaps.fill(std::vector<double>(truths.size(), 0));
  for (size_t column = 0; column < truths.size(); ++column) {
    const ApTruth& truth = truths_[truths[column]];
    if (apart(mask.mask().box, truth.banded->mask().box)) continue;
    const auto value = [&](size_t form) {
      const PackedMask& own = form_of(mask, form);
      return ratio(overlap(own, form_of(*truth.banded, form)), truth.crowd, own.area);
    };
    const double of_mask = value(0);
    row.overlaps[0][column] = of_mask;
    for (size_t form = 1; form < kApForms; ++form) row.overlaps[form][column] = std::min(of_mask, value(form));
  }
  return row;
}

// A category's predictions (rows), best first, against the truths of it.
void ApMatcher::settle(const std::vector<ApRow>& predictions, int64_t category, const std::vector<size_t>& rows,
                       std::span<ApDetection> detections) const {
  const std::array<double, kApThresholds> thresholds = ap_thresholds();
  const std::vector<size_t> truths = columns(category);
  const bool open_category = federation_.not_exhaustive.contains(category);
  std::array<Overlaps, kApForms> overlaps;
  for (const size_t row : rows) {
    for (size_t form = 0; form < kApForms; ++form) overlaps[form].push_back(predictions[row].overlaps[form]);
  }
  for (size_t range = 0; range < kApAreas; ++range) {
    std::vector<bool> crowd, ignored;
    std::vector<size_t> order;
    for (const size_t column : truths) {
      crowd.push_back(truths_[column].crowd);
      ignored.push_back(truths_[column].crowd || outside(truths_[column].area, range));
      order.push_back(order.size());
    }
    std::stable_partition(order.begin(), order.end(), [&](size_t i) { return !ignored[i]; });
    for (size_t form = 0; form < kApForms; ++form) {
      for (size_t t = 0; t < kApThresholds; ++t) {
        const auto truth_of = assign(overlaps[form], order, ignored, crowd, thresholds[t]);
        for (size_t row = 0; row < detections.size(); ++row) {
          const bool matched = truth_of[row] >= 0;
          const bool off = matched ? ignored[static_cast<size_t>(truth_of[row])]
                                   : open_category || outside(static_cast<double>(predictions[rows[row]].area), range);
          detections[row].matched[form][range] |= static_cast<uint16_t>(matched << t);
          detections[row].ignored[form][range] |= static_cast<uint16_t>(off << t);
        }
      }
    }
  }
}

// The predictions that count, by category, best first.
std::map<int64_t, std::vector<size_t>> ApMatcher::ranked(const std::vector<ApRow>& predictions) const {
  std::vector<size_t> order(predictions.size());
  std::iota(order.begin(), order.end(), size_t{0});
  for (const ApRow& prediction : predictions) {
    if (!std::isfinite(prediction.score)) fail("ApMatcher", "a score must be finite, got {}", prediction.score);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return predictions[a].score > predictions[b].score; });
  if (options_.max_detections_in_picture > 0) {
    order.resize(std::min(order.size(), static_cast<size_t>(options_.max_detections_in_picture)));
  }
  const auto present = [&](int64_t category) {
    return std::any_of(truths_.begin(), truths_.end(), [&](const ApTruth& t) { return t.category == category; });
  };
  std::map<int64_t, std::vector<size_t>> rows;
  for (const size_t i : order) {
    const int64_t category = predictions[i].category;
    if (federation_.federated) {
      if (!federation_.negative.contains(category) && !present(category)) continue;
      if (predictions[i].area == 0) continue;
    }
    std::vector<size_t>& own = rows[category];
    if (static_cast<int64_t>(own.size()) < options_.max_detections) own.push_back(i);
  }
  return rows;
}

ApPicture ApMatcher::match(const std::vector<ApPrediction>& predictions) const {
  std::vector<ApRow> rows;
  for (const ApPrediction& prediction : predictions) {
    rows.push_back(compare(*banded(*prediction.mask, options_), prediction.category, prediction.score));
  }
  return conclude(rows);
}

ApPicture ApMatcher::conclude(const std::vector<ApRow>& predictions) const {
  ApPicture picture;
  for (const ApTruth& truth : truths_) {
    auto& counts = picture.truths[truth.category];
    for (size_t range = 0; range < kApAreas; ++range) counts[range] += !truth.crowd && !outside(truth.area, range);
    if (truth.frequency != 0) picture.frequencies[truth.category] = truth.frequency;
  }
  for (const auto& [category, rows] : ranked(predictions)) {
    std::vector<ApDetection> detections;
    for (const size_t i : rows) {
      detections.push_back({category, predictions[i].score, static_cast<int64_t>(detections.size())});
    }
    settle(predictions, category, rows, detections);
    picture.detections.insert(picture.detections.end(), detections.begin(), detections.end());
  }
  return picture;
}

}  // namespace hqsam
