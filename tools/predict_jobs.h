// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
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
  // At most `waiting` jobs wait; then add() does.
  explicit Jobs(size_t threads, size_t waiting = 4);
  ~Jobs();  // drops what has not begun
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  // Throws what an earlier job threw; those after it are dropped.
  void add(std::function<void()> job);
  // Waits for all, and throws what one of them threw, once.
  void finish();

 private:
  void work();

  size_t waiting_, running_ = 0;
  bool in_turn_;  // one at a time, nobody beside it
  std::deque<std::function<void()>> queue_;
  std::exception_ptr error_;
  bool stop_ = false;
  std::mutex mutex_;
  std::condition_variable change_;
  std::vector<std::thread> threads_;
};

}  // namespace hqsam
