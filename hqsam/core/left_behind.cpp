// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/left_behind.h"

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace hqsam {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{50};  // between looks at the stop flag

std::atomic<bool> left_behind{false};

struct Call {
  std::mutex mutex;
  std::condition_variable ended;
  bool done = false;
  std::exception_ptr error;
};

}  // namespace

void note_left_behind() { left_behind = true; }

bool any_left_behind() { return left_behind; }

bool run_or_leave(std::function<void()> work, const std::atomic<bool>& stop, std::chrono::milliseconds patience) {
  const auto call = std::make_shared<Call>();
  std::thread([call, work = std::move(work)]() mutable {
    std::exception_ptr error;
    try {
      work();
    } catch (...) {
      error = std::current_exception();
    }
    work = nullptr;  // its captures are destroyed before anyone learns that it is done
    const std::lock_guard lock(call->mutex);
    call->error = error;
    call->done = true;
    call->ended.notify_all();
  }).detach();
  std::unique_lock lock(call->mutex);
  std::optional<Clock::time_point> end;
  while (!call->ended.wait_for(lock, kLook, [&] { return call->done; })) {
    if (stop && !end) end = Clock::now() + patience;
    if (!end || Clock::now() < *end) continue;
    note_left_behind();
    return false;
  }
  if (call->error) std::rethrow_exception(call->error);
  return true;
}

}  // namespace hqsam
