// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/parallel.h"

#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "hqsam/core/progress.h"

namespace hqsam {

void parallel_for(const std::string& label, int64_t count, int64_t threads, const std::function<void(int64_t)>& work) {
  std::mutex mutex;
  std::exception_ptr error;
  int64_t next = 0, done = 0;
  Progress progress(label, count);
  const auto loop = [&] {
    std::unique_lock lock(mutex);
    while (next < count && !error) {
      const int64_t index = next++;
      lock.unlock();
      std::exception_ptr failure;
      try {
        work(index);
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      if (failure && !error) error = failure;
      progress.update(++done);
    }
  };
  {
    std::vector<std::jthread> others;
    try {
      while (std::ssize(others) + 1 < threads) others.emplace_back(loop);
    } catch (const std::system_error&) {  // no more threads
    }
    loop();
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace hqsam
