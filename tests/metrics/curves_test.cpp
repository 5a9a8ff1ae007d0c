// SPDX-License-Identifier: Apache-2.0
#include "hqsam/metrics/curves.h"

#include <gtest/gtest.h>

#include "hqsam/mask/boundary.h"
#include "hqsam/metrics/iou.h"
#include "mask/random_mask.h"

namespace hqsam {

TEST(Recall, IsTheShareAboveTheThreshold) {
  const std::vector<double> values = {0.5, 0.7, 0.9, 0.95};
  EXPECT_EQ(share_above(values, 0.5), 0.75);  // 0.5 is not above 0.5
  EXPECT_EQ(share_above(values, 0.95), 0);
  EXPECT_EQ(share_above({}, 0.5), 0);
}

TEST(Clicks, AreCountedUntilTheIouIsReached) {
  const std::vector<double> ious = {0.4, 0.86, 0.8, 0.95};
  EXPECT_EQ(clicks_to_reach(ious, 0.85, 20), 2);
  EXPECT_EQ(clicks_to_reach(ious, 0.95, 20), 4);
  EXPECT_EQ(clicks_to_reach(ious, 0.96, 20), 20);
  EXPECT_EQ(mean_clicks_to_reach({ious, {0.99}}, 0.95, 20), 2.5);
  EXPECT_EQ(mean_clicks_to_reach({}, 0.95, 20), 0);
}

TEST(Clicks, MeanCurveKeepsTheLastValueOfShortOnes) {
  EXPECT_EQ(mean_curve({{0.5, 0.7, 0.9}, {1.0}}, 3), (std::vector<double>{0.75, 0.85, 0.95}));
  EXPECT_TRUE(mean_curve({}, 3).empty());
}

TEST(PairScores, AreThoseOfTheSingleFunctions) {
  const Mask a = testing_support::random_mask(150, 211, 0.98, 1), b = testing_support::random_mask(150, 211, 0.97, 2);
  const PairScores scores = pair_scores(a, b);
  EXPECT_EQ(scores.iou, mask_iou(a, b));
  EXPECT_EQ(scores.boundary_iou, boundary_iou(a, b));
  EXPECT_EQ(scores.strict_boundary_iou, boundary_iou(a, b, 0.01));
}

}  // namespace hqsam
