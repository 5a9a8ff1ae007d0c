// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/restarts.h"

#include <gtest/gtest.h>

namespace hqsam {

using namespace std::chrono_literals;

TEST(Restarts, WaitLongerAndLongerUntilAStartLives) {
  Restarts restarts({});
  int number = 0;
  const auto early = [&] { return StartEnd{1, "error: reason " + std::to_string(number++), 3s}; };
  for (const auto wait : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) EXPECT_EQ(restarts.wait_after(early()), wait);
  EXPECT_EQ(restarts.wait_after({1, "error: reason", 200s}), 1s);
  EXPECT_EQ(restarts.wait_after(early()), 2s);
}

TEST(Restarts, EndWithTheSameFailureTwiceButOnlyEarlyAndInARow) {
  const StartEnd early{1, "error: [open_checkpoint] no.pth does not exist", 3s};
  StartEnd late = early, other = early;
  late.lived = 200s;
  other.last_line = "error: another";
  Restarts restarts({});
  EXPECT_TRUE(restarts.wait_after(early));
  EXPECT_TRUE(restarts.wait_after(late));
  EXPECT_TRUE(restarts.wait_after(late));
  EXPECT_TRUE(restarts.wait_after(early));
  EXPECT_TRUE(restarts.wait_after(other));
  EXPECT_TRUE(restarts.wait_after(early));
  EXPECT_FALSE(restarts.wait_after(early));
}

TEST(Restarts, KnowAFailureAgainWhicheverRankTellsIt) {
  const StartEnd own{1, "error: [read_image] cat.jpg is damaged"};
  EXPECT_TRUE(same_failure(own, own));
  EXPECT_TRUE(same_failure(own, {1, "error: [Group] rank 1 stopped: [read_image] cat.jpg is damaged"}));
  EXPECT_FALSE(same_failure(own, {1, "error: [read_image] dog.jpg is damaged"}));
  EXPECT_FALSE(same_failure(own, {3, own.last_line}));
  EXPECT_TRUE(same_failure({1, ""}, {1, ""}));
  EXPECT_TRUE(same_failure({128 + 11, "step 7"}, {128 + 11, "step 9"}));
  EXPECT_FALSE(same_failure({128 + 9, ""}, {128 + 9, ""}));  // from outside
  const StartEnd others{1, "error: [Group] rank 2 ended or hangs: no sign of life for 3 s, during all_reduce"};
  EXPECT_FALSE(same_failure(others, others));
}

}  // namespace hqsam
