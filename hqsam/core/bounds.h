// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "hqsam/core/error.h"

namespace hqsam {

inline constexpr int64_t kMostWorkers = 256;  // threads beside the model's that prepare or measure
inline constexpr int64_t kMostEncoded = 64;   // pictures that an encoder takes at once

// Options' numbers: each has a least and a greatest value that makes sense. Throws
// Error("[options] field must be in 0..10 (0 = off), got 11") unless low <= value <= high, as no NaN or infinity is.
// field: its key as in a config file, dots and all: YamlMap takes the first word for it. note: " (0 = off)", or "".
inline void require_within(std::string_view options, std::string_view field, double value, double low, double high,
                           std::string_view note = "") {
  if (value >= low && value <= high) return;
  fail(options, "{} must be in {}..{}{}, got {}", field, low, high, note, value);
}

inline void require_within(std::string_view options, std::string_view field, int64_t value, int64_t low, int64_t high,
                           std::string_view note = "") {
  if (value >= low && value <= high) return;
  fail(options, "{} must be in {}..{}{}, got {}", field, low, high, note, value);
}

}  // namespace hqsam
