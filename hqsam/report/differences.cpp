// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/differences.h"

#include <spdlog/fmt/fmt.h>

namespace hqsam {
namespace {

std::string coloured(const char* color, double value) {
  return fmt::format("<span class=\"{}\">{:+.2f}</span>", color, value);
}

std::string counted(int64_t count, const char* word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

}  // namespace

std::string signed_cell(double value) {
  return coloured(value >= 0.005 ? "gain" : value <= -0.005 ? "loss" : "soft", value);
}

std::string signed_cell(const Interval& interval) {
  return coloured(interval.low > 0 ? "gain" : interval.high < 0 ? "loss" : "soft", interval.mean);
}

std::string interval_text(const Interval& interval) {
  return fmt::format("[{:+.2f}, {:+.2f}]", interval.low, interval.high);
}

std::string unclear_text(const Interval& interval) {
  return interval.low > 0 || interval.high < 0 ? "" : ": holds 0, so these masks cannot tell";
}

std::string masks_text(int64_t masks, int64_t pictures) {
  return (masks > 0 ? counted(masks, "mask") + " of " : "") + counted(pictures, "picture");
}

}  // namespace hqsam
