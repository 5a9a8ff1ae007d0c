// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/jobs.h"

#include <algorithm>
#include <utility>

namespace hqsam {

Jobs::Jobs(size_t threads, int64_t most_waiting) : most_waiting_(most_waiting), in_turn_(threads == 0) {
  for (size_t i = 0; i < std::max<size_t>(1, threads); ++i) threads_.emplace_back([this] { work(); });
}

Jobs::~Jobs() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    queue_.clear();
  }
  change_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Jobs::add(std::function<void()> work, int64_t weight) {
  {
    std::unique_lock lock(mutex_);
    change_.wait(lock, [&] { return queue_.empty() || waiting_ + weight <= most_waiting_ || error_; });
    if (error_) std::rethrow_exception(error_);
    queue_.push_back({std::move(work), weight});
    waiting_ += weight;
  }
  change_.notify_all();
  if (in_turn_) finish();
}

void Jobs::finish() {
  std::unique_lock lock(mutex_);
  change_.wait(lock, [this] { return queue_.empty() && running_ == 0; });
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void Jobs::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    change_.wait(lock, [this] { return stop_ || !queue_.empty(); });
    if (stop_) return;
    {
      const Job job = std::move(queue_.front());
      queue_.pop_front();
      waiting_ -= job.weight;
      ++running_;
      lock.unlock();
      change_.notify_all();
      std::exception_ptr error;
      try {
        job.work();
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      if (error && !error_) {
        error_ = error;
        queue_.clear();
        waiting_ = 0;
      }
    }
    --running_;
    change_.notify_all();
  }
}

}  // namespace hqsam
