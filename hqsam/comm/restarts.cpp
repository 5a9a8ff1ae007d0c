// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/restarts.h"

#include <algorithm>
#include <csignal>
#include <string_view>

namespace hqsam {
namespace {

constexpr std::string_view kStopped = " stopped: ";  // as Group::abort has it

// The error in a rank's last line, without what differs between ranks.
std::string_view cause_of(std::string_view line) {
  if (const size_t at = line.rfind(kStopped); at != line.npos) return line.substr(at + kStopped.size());
  constexpr std::string_view kError = "error: ";
  return line.starts_with(kError) ? line.substr(kError.size()) : line;
}

bool is_about_others(std::string_view line) {
  const bool of_group = line.starts_with("error: [Group] ") || line.starts_with("error: [make_group] ");
  return of_group && line.find(kStopped) == line.npos;
}

}  // namespace

bool same_failure(const StartEnd& one, const StartEnd& other) {
  if (one.code != other.code || one.code == 128 + SIGKILL) return false;
  if (one.code > 128) return true;  // a crash writes no last line of its own
  if (is_about_others(one.last_line) || is_about_others(other.last_line)) return false;
  return cause_of(one.last_line) == cause_of(other.last_line);
}

std::optional<std::chrono::milliseconds> Restarts::wait_after(const StartEnd& end) {
  if (end.lived >= options_.early) {
    early_before_.reset();
    return wait_ = options_.first_wait;
  }
  if (early_before_ && same_failure(*early_before_, end)) return std::nullopt;
  early_before_ = end;
  return wait_ = std::clamp(2 * wait_, options_.first_wait, options_.longest_wait);
}

}  // namespace hqsam
