// SPDX-License-Identifier: Apache-2.0
#include "hqsam/metrics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <vector>

#include "hqsam/core/error.h"
#include "hqsam/core/random.h"

namespace hqsam {
namespace {

// Quantile of sorted values, linear between neighbours.
double quantile(const std::vector<double>& sorted, double q) {
  const double position = q * static_cast<double>(sorted.size() - 1);
  const size_t below = std::min(static_cast<size_t>(position), sorted.size() - 1);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], position - static_cast<double>(below));
}

}  // namespace

Interval bootstrap_mean(std::span<const double> values, double confidence, int64_t resamples, uint64_t seed) {
  if (!(confidence > 0 && confidence < 1)) {
    fail("bootstrap_mean", "expected a confidence between 0 and 1, got {}", confidence);
  }
  if (resamples < 1) fail("bootstrap_mean", "expected at least one resample, got {}", resamples);
  if (values.empty()) return {};
  const auto count = static_cast<int64_t>(values.size());
  std::vector<double> means(static_cast<size_t>(resamples));
  RandomStream stream = random_stream(seed, 0, 0, Draw::kBootstrap);
  for (double& mean : means) {
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += values[static_cast<size_t>(stream.below(count))];
    mean = sum / static_cast<double>(count);
  }
  std::sort(means.begin(), means.end());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(count);
  return {mean, quantile(means, (1 - confidence) / 2), quantile(means, (1 + confidence) / 2)};
}

std::string interval_text(const Interval& interval) {
  return fmt::format("[{:+.2f}, {:+.2f}]", interval.low, interval.high);
}

std::string gain_text(const Interval& gain) { return fmt::format("{:+.2f} {}", gain.mean, interval_text(gain)); }

nlohmann::ordered_json interval_json(const Interval& interval) {
  return {{"mean", interval.mean}, {"low", interval.low}, {"high", interval.high}};
}

}  // namespace hqsam
