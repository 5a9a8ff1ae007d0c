// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/left_behind.h"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>

namespace hqsam {
namespace {

using namespace std::chrono_literals;

TEST(RunOrLeave, WaitsForWorkAndPassesOnWhatItThrows) {
  const std::atomic<bool> stop = true;
  int done = 0;
  EXPECT_TRUE(run_or_leave([&] { done = 1; }, stop, 10s));
  EXPECT_EQ(done, 1);
  EXPECT_THROW(run_or_leave([] { throw std::runtime_error("broken"); }, stop, 10s), std::runtime_error);
}

TEST(RunOrLeave, LeavesWorkThatHangsOnceAStopIsRequested) {
  const auto release = std::make_shared<std::promise<void>>();
  std::atomic<bool> stop = false;
  const auto signal = std::async(std::launch::async, [&] {
    std::this_thread::sleep_for(100ms);
    stop = true;
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(run_or_leave([release, hung = release->get_future().share()] { hung.wait(); }, stop, 200ms));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 250ms);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  EXPECT_TRUE(any_left_behind());
  release->set_value();
}

}  // namespace
}  // namespace hqsam
