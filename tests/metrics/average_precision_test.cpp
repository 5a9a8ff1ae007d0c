// SPDX-License-Identifier: Apache-2.0
#include "hqsam/metrics/average_precision.h"

#include <gtest/gtest.h>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

// tests/parity/coco.py compares with pycocotools; here are cases that one can follow by hand.
Mask box(int64_t left, int64_t top, int64_t width, int64_t height) {
  Mask mask(120, 160);
  for (int64_t y = top; y < top + height; ++y) {
    for (int64_t x = left; x < left + width; ++x) mask.at(y, x) = 1;
  }
  return mask;
}

ApAccumulator of(const std::vector<ApPicture>& pictures) {
  ApAccumulator accumulator;
  for (size_t i = 0; i < pictures.size(); ++i) accumulator.add(static_cast<int64_t>(i), pictures[i]);
  return accumulator;
}

}  // namespace

TEST(AveragePrecision, IsFullForExactMasksAndHalfWhereTheBestIsWrong) {
  const Mask truth = box(10, 10, 40, 40), elsewhere = box(100, 60, 30, 30);
  const ApMatcher matcher({{&truth, 1}}, {});
  EXPECT_NEAR(of({matcher.match({{&truth, 1, 0.9}})}).summary(ApForm::kMask).ap, 100, 1e-9);
  const auto half = of({matcher.match({{&truth, 1, 0.5}, {&elsewhere, 1, 0.9}})}).summary(ApForm::kMask);
  EXPECT_NEAR(half.ap, 50, 1e-9);
  EXPECT_NEAR(half.ar, 100, 1e-9);
  EXPECT_NEAR(half.ar1, 0, 1e-9);
  EXPECT_EQ(half.ap_small, -1);
  EXPECT_NEAR(half.ap_medium, 100, 1e-9);  // the wrong one is small, so it does not count there
}

TEST(AveragePrecision, BoundariesAreHarderThanMasks) {
  const Mask truth = box(10, 10, 80, 80), shifted = box(13, 10, 80, 80);  // IoU 77/83, the band is 4 pixels wide
  const ApAccumulator one = of({ApMatcher({{&truth, 1}}, {}).match({{&shifted, 1, 1}})});
  EXPECT_NEAR(one.summary(ApForm::kMask).ap, 90, 1e-9);  // 0.50 ... 0.90
  EXPECT_LT(one.summary(ApForm::kBoundary).ap, 60);
  EXPECT_LE(one.summary(ApForm::kStrict).ap, one.summary(ApForm::kBoundary).ap);
}

TEST(AveragePrecision, CrowdsForgivePredictionsWithinThem) {
  const Mask truth = box(10, 10, 40, 40), crowd = box(60, 10, 90, 90), within = box(70, 20, 20, 20);
  const std::vector<ApPrediction> predictions = {{&truth, 1, 0.5}, {&within, 1, 0.9}};
  const ApMatcher forgiving({{&truth, 1}, {&crowd, 1, true}}, {});
  EXPECT_NEAR(of({forgiving.match(predictions)}).summary(ApForm::kMask).ap, 100, 1e-9);
  const ApMatcher strict({{&truth, 1}}, {});
  EXPECT_NEAR(of({strict.match(predictions)}).summary(ApForm::kMask).ap, 50, 1e-9);
}

TEST(AveragePrecision, OnlyCategoriesThatWereLookedForCount) {
  const Mask truth = box(10, 10, 40, 40), elsewhere = box(100, 60, 30, 30);
  const std::vector<ApPrediction> predictions = {{&truth, 1, 0.5}, {&elsewhere, 1, 0.9}, {&elsewhere, 7, 0.9}};
  const auto ap_of = [&](ApFederation federation) {
    return of({ApMatcher({{&truth, 1}}, {}, federation).match(predictions)}).summary(ApForm::kMask).ap;
  };
  EXPECT_NEAR(ap_of({}), 50, 1e-9);
  EXPECT_NEAR(ap_of({.federated = true}), 50, 1e-9);
  EXPECT_NEAR(ap_of({.federated = true, .not_exhaustive = {1}}), 100, 1e-9);
  ApFederation negative{.federated = true, .negative = {7}};
  EXPECT_EQ(ApMatcher({{&truth, 1}}, {}, negative).match(predictions).detections.size(), 3U);
  EXPECT_EQ(ApMatcher({{&truth, 1}}, {}, {.federated = true}).match(predictions).detections.size(), 2U);
}

TEST(AveragePrecision, IsAveragedOverCategoriesOfAFrequency) {
  const Mask a = box(10, 10, 40, 40), b = box(60, 10, 40, 40), c = box(100, 60, 30, 30);
  const ApMatcher matcher({{&a, 1, false, -1, 'r'}, {&b, 2, false, -1, 'f'}, {&c, 3, false, -1, 'f'}}, {});
  const ApAccumulator one = of({matcher.match({{&a, 1, 1}, {&b, 2, 1}, {&a, 3, 1}})});
  const ApSummary summary = ApAccumulator::from_bytes(one.bytes()).summary(ApForm::kBoundary);
  EXPECT_NEAR(summary.ap_rare, 100, 1e-9);
  EXPECT_NEAR(summary.ap_frequent, 50, 1e-9);
  EXPECT_EQ(summary.ap_common, -1);
  EXPECT_FALSE(ap_metrics(one).contains("ap_b_c"));
  EXPECT_FALSE(ap_metrics(of({ApMatcher({{&a, 1}}, {}).match({})})).contains("ap_r"));
}

TEST(AveragePrecision, KeepsTheBestOfManyPredictions) {
  const Mask truth = box(10, 10, 40, 40);
  const std::vector<ApPrediction> predictions(9, {&truth, 1, 0.5});
  EXPECT_EQ(ApMatcher({}, {.max_detections = 4}).match(predictions).detections.size(), 4U);
  EXPECT_EQ(ApMatcher({}, {.max_detections_in_picture = 3}).match(predictions).detections.size(), 3U);
}

TEST(ApAccumulator, IsTheSameInAnyOrderAndThroughBytes) {
  const Mask a = box(10, 10, 40, 40), b = box(12, 10, 40, 40), c = box(100, 60, 30, 30);
  const ApMatcher matcher({{&a, 1}, {&c, 2}}, {});
  const std::vector<ApPicture> pictures = {matcher.match({{&b, 1, 0.5}, {&c, 2, 0.5}}),
                                           matcher.match({{&c, 1, 0.5}, {&a, 1, 0.5}}), matcher.match({})};
  const ApAccumulator whole = of(pictures);
  ApAccumulator parts;
  parts.add(2, pictures[2]);
  ApAccumulator others;
  others.add(1, pictures[1]);
  others.add(0, pictures[0]);
  parts.merge(ApAccumulator::from_bytes(others.bytes()));
  EXPECT_EQ(parts.bytes(), whole.bytes());
  EXPECT_EQ(ap_metrics(parts), ap_metrics(whole));
  EXPECT_THROW(parts.merge(others), Error);
  EXPECT_THROW(ApAccumulator::from_bytes("no accumulator"), Error);
  EXPECT_TRUE(ap_metrics(ApAccumulator()).empty());
}

TEST(ApOptions, RefusesWhatCannotWork) {
  EXPECT_THROW(ApOptions{.max_detections = 0}.validate(), Error);
  EXPECT_THROW((ApOptions{.boundary = 0}.validate()), Error);
  const Mask mask = box(1, 1, 5, 5);
  EXPECT_THROW(ApMatcher({}, {}).match({{&mask, 1, std::numeric_limits<double>::quiet_NaN()}}), Error);
}

}  // namespace hqsam
