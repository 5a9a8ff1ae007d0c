// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>

namespace hqsam {

// Work that threads bring in any order and that is done in the order of its numbers 0, 1, 2, ...: by the thread that
// closes the gap before it, one at a time.
class Turns {
 public:
  // Each number once; empty work is a number passed over. Throws the first of what the work that is done now throws;
  // the others are done all the same.
  void take(int64_t number, std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    std::exception_ptr failure;
    waiting_[number] = std::move(work);
    for (auto at = waiting_.find(next_); at != waiting_.end(); at = waiting_.find(++next_)) {
      const auto own = waiting_.extract(at);
      try {
        if (own.mapped()) own.mapped()();
      } catch (...) {
        if (!failure) failure = std::current_exception();
      }
    }
    if (failure) std::rethrow_exception(failure);
  }

 private:
  std::mutex mutex_;
  std::map<int64_t, std::function<void()>> waiting_;
  int64_t next_ = 0;
};

}  // namespace hqsam
