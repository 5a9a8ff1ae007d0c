// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/fmt/fmt.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "hqsam/core/text.h"

namespace hqsam {

// "rank 2" or "ranks 1, 2, 5"
inline std::string ranks_text(const std::vector<int64_t>& ranks) {
  return fmt::format("rank{} {}", ranks.size() == 1 ? "" : "s", fmt::join(ranks, ", "));
}

// "10 s", "0.5 s"
inline std::string seconds_text(std::chrono::milliseconds duration) {
  return fmt::format("{:g} s", static_cast<double>(duration.count()) / 1000);
}

// Another rank's message as a log may show it: short, without control characters.
inline std::string words_of_another(const std::string& message) {
  constexpr size_t kMostBytes = 2000;
  return shown_short(message, kMostBytes);
}

}  // namespace hqsam
