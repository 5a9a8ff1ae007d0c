// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/random.h"

#include <gtest/gtest.h>

#include "hqsam/core/error.h"

namespace hqsam {

TEST(RandomStream, DependsOnItsKeyAlone) {
  RandomStream a = random_stream(42, 1, 7, Draw::kJitter);
  RandomStream b = random_stream(42, 1, 7, Draw::kJitter);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next(), b.next());
}

TEST(RandomStream, DiffersInEachWordOfItsKey) {
  const uint64_t first = random_stream(42, 1, 7, Draw::kJitter).next();
  EXPECT_NE(first, random_stream(43, 1, 7, Draw::kJitter).next());
  EXPECT_NE(first, random_stream(42, 2, 7, Draw::kJitter).next());
  EXPECT_NE(first, random_stream(42, 1, 8, Draw::kJitter).next());
  EXPECT_NE(first, random_stream(42, 1, 7, Draw::kFlip).next());
  EXPECT_NE(random_stream(1, 2, 0, Draw::kFlip).next(), random_stream(2, 1, 0, Draw::kFlip).next());
}

TEST(RandomStream, IsTheSameOnEveryMachine) {
  RandomStream stream = random_stream(42, 0, 0, Draw::kShuffle);
  const uint64_t first = stream.next(), second = stream.next();
  EXPECT_EQ(first, 4277955397661740188ULL);
  EXPECT_EQ(second, 13795964852171701976ULL);
}

TEST(RandomStream, HasTheMomentsOfItsDistributions) {
  RandomStream stream = random_stream(3, 0, 0, Draw::kInit);
  const int n = 200000;
  double sum = 0, normal_sum = 0, normal_squares = 0;
  int64_t below[5] = {};
  for (int i = 0; i < n; ++i) {
    sum += stream.uniform();
    const double normal = stream.normal();
    normal_sum += normal;
    normal_squares += normal * normal;
    ++below[stream.below(5)];
  }
  EXPECT_NEAR(sum / n, 0.5, 0.005);
  EXPECT_NEAR(normal_sum / n, 0.0, 0.01);
  EXPECT_NEAR(normal_squares / n, 1.0, 0.02);
  for (int64_t count : below) EXPECT_NEAR(count, n / 5, n / 100);
}

TEST(RandomStream, RefusesAnEmptyRange) { EXPECT_THROW(RandomStream({1}).below(0), Error); }

}  // namespace hqsam
