// SPDX-License-Identifier: Apache-2.0
#include "predict_jobs.h"

#include <algorithm>
#include <utility>

namespace hqsam {

Jobs::Jobs(size_t threads, size_t waiting) : waiting_(waiting), in_turn_(threads == 0) {
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

void Jobs::add(std::function<void()> job) {
  {
    std::unique_lock lock(mutex_);
    change_.wait(lock, [this] { return queue_.size() < waiting_ || error_; });
    if (error_) std::rethrow_exception(error_);
    queue_.push_back(std::move(job));
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
      const std::function<void()> job = std::move(queue_.front());
      queue_.pop_front();
      ++running_;
      lock.unlock();
      change_.notify_all();
      std::exception_ptr error;
      try {
        job();
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      if (error && !error_) {
        error_ = error;
        queue_.clear();
      }
    }
    --running_;
    change_.notify_all();
  }
}

}  // namespace hqsam
