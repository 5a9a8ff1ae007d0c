// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace hqsam {

// Thresholds of recall curves, percent of boundary IoU (Ke et al., NeurIPS 2023, its recall figures).
inline constexpr std::array<int, 9> kRecallPercents = {50, 55, 60, 65, 70, 75, 80, 85, 90};

// The share of values above the threshold, 0..1; 0 of none.
double share_above(std::span<const double> values, double threshold);

// Of one mask, ious[i] being its IoU after i + 1 clicks: the number of clicks after which the threshold is first
// reached, max_clicks where it never is (NoC, Sofiiuk et al., CVPR 2020).
int64_t clicks_to_reach(std::span<const double> ious, double threshold, int64_t max_clicks);

// Means over masks: NoC, and the IoU after 1, 2, ..., clicks clicks. A curve that ends early keeps its last value.
// Of no masks 0 and an empty curve.
double mean_clicks_to_reach(const std::vector<std::vector<double>>& curves, double threshold, int64_t max_clicks);
std::vector<double> mean_curve(const std::vector<std::vector<double>>& curves, int64_t clicks);

}  // namespace hqsam
