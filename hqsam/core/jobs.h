// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace hqsam {

// Work done on threads beside the one that hands it in. With no threads to spare one does it while add() waits: what
// the jobs keep then lies apart from that thread's large blocks of memory and does not part them for good.
class Jobs {
 public:
  // Jobs of at most this weight in all wait, but always one; then add() does.
  explicit Jobs(size_t threads, int64_t most_waiting = 4);
  ~Jobs();  // drops what has not begun
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  // Throws what an earlier job threw; those after it are dropped.
  void add(std::function<void()> job, int64_t weight = 1);
  // Waits for all, and throws what one of them threw, once.
  void finish();

 private:
  void work();

  struct Job {
    std::function<void()> work;
    int64_t weight = 1;
  };
  int64_t most_waiting_, waiting_ = 0;
  size_t running_ = 0;
  bool in_turn_;  // one at a time, nobody beside it
  std::deque<Job> queue_;
  std::exception_ptr error_;
  bool stop_ = false;
  std::mutex mutex_;
  std::condition_variable change_;
  std::vector<std::thread> threads_;
};

}  // namespace hqsam
