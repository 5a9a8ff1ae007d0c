// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace hqsam {

// One line on stderr: "label  120/500  24%  3.1/s  2 min 02 s left  note". Rewritten in place on a
// terminal, printed every ten seconds elsewhere; silent for the first two seconds, and where stderr takes
// nothing any more.
class Progress {
 public:
  Progress(std::string label, int64_t total, int64_t done = 0);
  ~Progress();  // ends the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(int64_t done, std::string_view note = {});
  void finish();  // ends the line now; later updates are ignored

 private:
  using Clock = std::chrono::steady_clock;
  std::string label_;
  int64_t total_, first_, done_;
  Clock::time_point start_ = Clock::now(), last_ = start_;
  bool terminal_, shown_ = false, finished_ = false;
};

}  // namespace hqsam
