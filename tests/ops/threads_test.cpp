// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/threads.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace hqsam {
namespace {

class Threads : public testing::Test {
 protected:
  Threads() { at::set_num_threads(2); }
  ~Threads() override { at::set_num_threads(before_); }

 private:
  int before_ = at::get_num_threads();
};

// Whether two tasks ever run at once: each waits for the other, for ten seconds at most.
TEST_F(Threads, RunTasksAtOnce) {
  std::atomic<int> here = 0;
  std::atomic<bool> met = false;
  share_tasks(2, [&](int64_t) {
    ++here;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (here < 2 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    if (here == 2) met = true;
  });
  EXPECT_TRUE(met);
}

TEST_F(Threads, DoEveryTaskOnce) {
  for (const int64_t tasks : {0, 1, 2, 1000}) {
    std::vector<std::atomic<int>> times(static_cast<size_t>(tasks));
    share_tasks(tasks, [&](int64_t task) { ++times[static_cast<size_t>(task)]; });
    for (const auto& count : times) EXPECT_EQ(count, 1);
  }
}

TEST_F(Threads, HandOnWhatATaskThrows) {
  EXPECT_THROW(share_tasks(8,
                           [](int64_t task) {
                             if (task == 5) throw std::runtime_error("five");
                           }),
               std::runtime_error);
}

}  // namespace
}  // namespace hqsam
