// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace hqsam {

// How a start of all ranks ended.
struct StartEnd {
  int code = 0;                       // of the first rank that failed: its exit code, or 128 + a signal
  std::string last_line;              // that it said on stderr, "" without one
  std::chrono::milliseconds lived{};  // from the start to that failure
};

// Whether two starts failed for the same reason, which a third would meet too. A failure that names another rank's
// ("rank 1 stopped: <reason>") is that one. SIGKILL comes from outside, and what a rank says of others that died or
// did not come says nothing about why: never the same.
bool same_failure(const StartEnd& one, const StartEnd& other);

// Decides after each failure how long to wait before all ranks start anew: 1 s, 2 s, 4 s, ..., at most a minute, from
// 1 s again after a start that lived for long.
class Restarts {
 public:
  struct Options {
    std::chrono::milliseconds first_wait{1'000}, longest_wait{60'000};
    std::chrono::milliseconds early{120'000};  // a start that lived longer is one that worked
  };

  explicit Restarts(Options options) : options_(options) {}

  // The wait, or nothing where two starts in a row ended early with the same failure.
  std::optional<std::chrono::milliseconds> wait_after(const StartEnd& end);

 private:
  Options options_;
  std::chrono::milliseconds wait_{};      // the last one, 0 for none
  std::optional<StartEnd> early_before_;  // how the start before ended, where that was early
};

}  // namespace hqsam
