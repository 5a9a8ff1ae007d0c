// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace hqsam {

struct Interval {
  double mean = 0, low = 0, high = 0;
};

// Mean of values and its percentile bootstrap interval (Efron 1979). Deterministic in seed.
// An empty span gives zeros.
Interval bootstrap_mean(std::span<const double> values, double confidence = 0.95, int64_t resamples = 10000,
                        uint64_t seed = 0);

}  // namespace hqsam
