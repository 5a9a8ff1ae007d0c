// SPDX-License-Identifier: Apache-2.0
#include "hqsam/metrics/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "hqsam/core/error.h"
#include "hqsam/core/random.h"

namespace hqsam {

TEST(Bootstrap, NothingAndConstantsHaveNoSpread) {
  const Interval none = bootstrap_mean({});
  EXPECT_EQ(none.mean, 0);
  EXPECT_EQ(none.low, 0);
  EXPECT_EQ(none.high, 0);
  const std::vector<double> same(20, 0.75);
  const Interval constant = bootstrap_mean(same);
  EXPECT_DOUBLE_EQ(constant.mean, 0.75);
  EXPECT_DOUBLE_EQ(constant.low, 0.75);
  EXPECT_DOUBLE_EQ(constant.high, 0.75);
}

TEST(Bootstrap, IntervalAgreesWithTheNormalApproximation) {
  RandomStream stream{1};
  std::vector<double> values(400);
  for (double& value : values) value = 80 + 5 * stream.normal();
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / 400;
  for (const double value : values) squares += (value - mean) * (value - mean) / 400;
  const double error = std::sqrt(squares / 400);
  const Interval interval = bootstrap_mean(values);
  EXPECT_NEAR(interval.mean, mean, 1e-9);
  EXPECT_NEAR(interval.low, mean - 1.96 * error, 0.1 * error);
  EXPECT_NEAR(interval.high, mean + 1.96 * error, 0.1 * error);
  const Interval narrow = bootstrap_mean(values, 0.5);
  EXPECT_NEAR(narrow.high - narrow.low, 2 * 0.6745 * error, 0.1 * error);
}

TEST(Bootstrap, IsDeterministicInItsSeed) {
  const std::vector<double> values = {1, 5, 2, 8, 3, 9};
  const Interval a = bootstrap_mean(values, 0.9, 500, 4), b = bootstrap_mean(values, 0.9, 500, 4);
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
  const Interval other = bootstrap_mean(values, 0.9, 500, 5);
  EXPECT_TRUE(other.low != a.low || other.high != a.high);
}

TEST(Bootstrap, RefusesSenselessOptions) {
  const std::vector<double> values = {1, 2};
  EXPECT_THROW(bootstrap_mean(values, 1.0), Error);
  EXPECT_THROW(bootstrap_mean(values, 0.95, 0), Error);
}

}  // namespace hqsam
