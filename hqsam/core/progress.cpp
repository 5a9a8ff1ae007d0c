// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/progress.h"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <cstdio>

#include "hqsam/core/text.h"

namespace hqsam {

Progress::Progress(std::string label, int64_t total, int64_t done)
    : label_(std::move(label)), total_(total), first_(done), done_(done), terminal_(::isatty(STDERR_FILENO)) {}

Progress::~Progress() { finish(); }

void Progress::update(int64_t done, std::string_view note) {
  if (finished_) return;
  done_ = done;
  const auto now = Clock::now();
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const double since_last = std::chrono::duration<double>(now - last_).count();
  if (elapsed < 2.0 || (shown_ && since_last < (terminal_ ? 0.2 : 10.0))) return;
  last_ = now;
  shown_ = true;
  const double rate = static_cast<double>(done - first_) / elapsed;
  const std::string left = rate > 0 ? human_seconds(static_cast<double>(total_ - done) / rate) + " left" : "";
  const std::string line = shown(fmt::format("{}  {}/{}  {}%  {:.2f}/s  {}  {}", label_, done, total_,
                                             total_ > 0 ? 100 * done / total_ : 100, rate, left, note));
  std::fputs(fmt::format("{}{}{}", terminal_ ? "\r" : "", line, terminal_ ? "\x1b[K" : "\n").c_str(), stderr);
  std::fflush(stderr);
}

void Progress::finish() {
  if (!finished_ && shown_ && terminal_) std::fputs("\n", stderr);
  finished_ = true;
}

}  // namespace hqsam
