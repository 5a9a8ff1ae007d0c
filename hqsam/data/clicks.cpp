// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/clicks.h"

#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/mask/distance.h"

namespace hqsam {
namespace {

struct Peak {
  int64_t height = 0, index = 0;  // squared distance; row-major
};

// The highest point of the distances of mask & ~other, away from pixels clicked before.
Peak peak_of(const Mask& mask, const Mask& other, const std::vector<Click>& before) {
  Mask error(mask.height, mask.width);
  for (size_t i = 0; i < error.pixels.size(); ++i) error.pixels[i] = mask.pixels[i] & (other.pixels[i] ^ 1);
  std::vector<int64_t> distance = squared_distance_to_outside(error);
  for (const Click& click : before) distance[click.y * mask.width + click.x] = 0;
  const auto highest = std::max_element(distance.begin(), distance.end());
  return {*highest, highest - distance.begin()};
}

}  // namespace

std::optional<Click> next_click(const Mask& prediction, const Mask& truth, const std::vector<Click>& before) {
  if (prediction.size() != truth.size() || truth.pixels.empty()) {
    fail("next_click", "expected two masks of one size, got {}x{} and {}x{} (width x height)", prediction.width,
         prediction.height, truth.width, truth.height);
  }
  const Peak missed = peak_of(truth, prediction, before), extra = peak_of(prediction, truth, before);
  const bool positive = missed.height > extra.height;
  const Peak peak = positive ? missed : extra;
  if (peak.height == 0) return std::nullopt;
  return Click{peak.index % truth.width, peak.index / truth.width, positive};
}

}  // namespace hqsam
