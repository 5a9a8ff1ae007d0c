// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/turns.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace hqsam {

TEST(Turns, WorkIsDoneInTheOrderOfItsNumbers) {
  Turns turns;
  std::vector<int> done;
  turns.take(2, [&] { done.push_back(2); });
  turns.take(1, {});
  EXPECT_TRUE(done.empty());
  turns.take(0, [&] { done.push_back(0); });
  turns.take(3, [&] { done.push_back(3); });
  EXPECT_EQ(done, (std::vector<int>{0, 2, 3}));
}

TEST(Turns, WhatFailsIsToldAndTheOthersAreDone) {
  Turns turns;
  std::vector<int> done;
  turns.take(1, [] { throw std::runtime_error("disk full"); });
  turns.take(2, [&] { done.push_back(2); });
  EXPECT_THROW(turns.take(0, {}), std::runtime_error);
  turns.take(1, {});  // as one who passes over what has failed
  turns.take(3, [&] { done.push_back(3); });
  EXPECT_EQ(done, (std::vector<int>{2, 3}));
}

}  // namespace hqsam
