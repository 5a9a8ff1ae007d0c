// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/clicks.h"

#include <gtest/gtest.h>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

void fill(Mask& mask, int64_t left, int64_t top, int64_t side, uint8_t value = 1) {
  for (int64_t y = top; y < top + side; ++y) {
    for (int64_t x = left; x < left + side; ++x) mask.at(y, x) = value;
  }
}

}  // namespace

TEST(NextClick, BeginsInTheMiddleOfTheObject) {
  Mask truth(40, 60);
  fill(truth, 10, 5, 21);
  fill(truth, 50, 30, 5);
  const auto click = next_click(Mask(40, 60), truth, {});
  ASSERT_TRUE(click);
  EXPECT_EQ(click->x, 20);
  EXPECT_EQ(click->y, 15);
  EXPECT_TRUE(click->positive);
}

TEST(NextClick, GoesToTheLargestErrorOfEitherSign) {
  Mask truth(40, 60), prediction(40, 60);
  fill(truth, 10, 5, 21);
  fill(prediction, 10, 5, 21);
  fill(truth, 0, 30, 5);        // missed
  fill(prediction, 40, 20, 9);  // extra
  const auto click = next_click(prediction, truth, {});
  ASSERT_TRUE(click);
  EXPECT_EQ(click->x, 44);
  EXPECT_EQ(click->y, 24);
  EXPECT_FALSE(click->positive);
  const auto other = next_click(prediction, truth, {*click});
  ASSERT_TRUE(other);
  EXPECT_FALSE(other->x == click->x && other->y == click->y);
}

TEST(NextClick, EndsWhereNoErrorIsLeft) {
  Mask truth(10, 10);
  fill(truth, 2, 2, 5);
  EXPECT_FALSE(next_click(truth, truth, {}));
  Mask but_one = truth;
  but_one.at(2, 2) = 0;
  EXPECT_FALSE(next_click(but_one, truth, {{2, 2, true}}));
  EXPECT_THROW(next_click(truth, Mask(5, 5), {}), Error);
}

}  // namespace hqsam
