// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

namespace hqsam {

struct Interval {
  double mean = 0, low = 0, high = 0;
};

// Mean of values and its percentile bootstrap interval (Efron 1979). Deterministic in seed.
// An empty span gives zeros.
Interval bootstrap_mean(std::span<const double> values, double confidence = 0.95, int64_t resamples = 10000,
                        uint64_t seed = 0);

std::string interval_text(const Interval& interval);             // "[+1.00, +2.00]"
std::string gain_text(const Interval& gain);                     // "+1.50 [+1.00, +2.00]"
nlohmann::ordered_json interval_json(const Interval& interval);  // {"mean", "low", "high"}

}  // namespace hqsam
