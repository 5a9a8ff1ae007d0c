// SPDX-License-Identifier: Apache-2.0
#include "hqsam/metrics/curves.h"

#include <algorithm>

namespace hqsam {

double share_above(std::span<const double> values, double threshold) {
  if (values.empty()) return 0;
  const auto above = std::count_if(values.begin(), values.end(), [&](double value) { return value > threshold; });
  return static_cast<double>(above) / static_cast<double>(values.size());
}

int64_t clicks_to_reach(std::span<const double> ious, double threshold, int64_t max_clicks) {
  const auto at = std::find_if(ious.begin(), ious.end(), [&](double iou) { return iou >= threshold; });
  return at == ious.end() ? max_clicks : std::min<int64_t>(at - ious.begin() + 1, max_clicks);
}

double mean_clicks_to_reach(const std::vector<std::vector<double>>& curves, double threshold, int64_t max_clicks) {
  if (curves.empty()) return 0;
  int64_t sum = 0;
  for (const auto& ious : curves) sum += clicks_to_reach(ious, threshold, max_clicks);
  return static_cast<double>(sum) / static_cast<double>(curves.size());
}

std::vector<double> mean_curve(const std::vector<std::vector<double>>& curves, int64_t clicks) {
  if (curves.empty()) return {};
  std::vector<double> mean(static_cast<size_t>(clicks), 0);
  for (const auto& ious : curves) {
    for (size_t i = 0; i < mean.size() && !ious.empty(); ++i) mean[i] += ious[std::min(i, ious.size() - 1)];
  }
  for (double& value : mean) value /= static_cast<double>(curves.size());
  return mean;
}

}  // namespace hqsam
