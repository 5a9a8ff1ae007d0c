// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/jobs.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace hqsam {

TEST(Jobs, AreAllDoneAtTheEnd) {
  for (const size_t threads : {0, 1, 3}) {
    std::atomic<int> sum = 0;
    Jobs jobs(threads);
    for (int i = 1; i <= 100; ++i) jobs.add([&sum, i] { sum += i; });
    jobs.finish();
    EXPECT_EQ(sum, 5050) << threads;
  }
}

TEST(Jobs, WaitByWeightAndOneOfAnyWeightGoesThrough) {
  std::atomic<int> held = 0, most = 0;
  Jobs jobs(2, /*most_waiting=*/10);
  for (int i = 0; i < 50; ++i) {
    const int weight = i % 10 == 0 ? 1000 : 5;
    most = std::max<int>(most, held += 1);
    jobs.add([&held] { held -= 1; }, weight);
  }
  jobs.finish();
  EXPECT_EQ(held, 0);
  EXPECT_LE(most, 2 + 2 + 1);  // waiting, running, about to be added
}

TEST(Jobs, ThrowWhatOneOfThemThrewOnce) {
  Jobs jobs(1);
  jobs.add([] { throw std::runtime_error("the disk is full"); });
  EXPECT_THROW(jobs.finish(), std::runtime_error);
  EXPECT_NO_THROW(jobs.finish());
}

}  // namespace hqsam
