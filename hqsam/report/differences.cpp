// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/differences.h"

#include <spdlog/fmt/fmt.h>

namespace hqsam {
namespace {

std::string coloured(const char* color, double value) {
  return fmt::format("<span class=\"{}\">{:+.2f}</span>", color, value);
}

}  // namespace

std::string signed_cell(double value) {
  return coloured(value >= 0.005 ? "gain" : value <= -0.005 ? "loss" : "soft", value);
}

std::string signed_cell(const Interval& interval) {
  return coloured(interval.low > 0 ? "gain" : interval.high < 0 ? "loss" : "soft", interval.mean);
}

std::string unclear_text(const Interval& interval) {
  return interval.low > 0 || interval.high < 0 ? "" : ": holds 0, so these masks cannot tell";
}

}  // namespace hqsam
