// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/prompt_options.h"

#include <algorithm>

#include "hqsam/core/bounds.h"
#include "hqsam/core/error.h"

namespace hqsam {

void BoxNoise::validate(const char* where) const {
  require_within(where, "noise", share, 0.0, 10.0, " (0 = off)");
  require_within(where, "noise_cap", cap, 0.0, 1e6, " pixels (0 = no limit)");
}

bool PromptOptions::has(PromptType type) const { return std::find(types.begin(), types.end(), type) != types.end(); }

void PromptOptions::validate() const {
  constexpr const char* kWhere = "PromptOptions";
  if (types.empty())
    fail(kWhere, "types must name at least one of box, points, noisy_mask, rough_mask, own_mask, clicks");
  for (const PromptType type : types) {
    if (std::count(types.begin(), types.end(), type) > 1) fail(kWhere, "types names one of them twice");
  }
  if (has(PromptType::kNoisyMask) + has(PromptType::kRoughMask) + has(PromptType::kOwnMask) > 1) {
    fail(kWhere,
         "types names two of noisy_mask, rough_mask and own_mask, and a prompt has one mask: make entries of each");
  }
  require_within(kWhere, "weight", weight, 1e-6, 1e6);
  require_within(kWhere, "count", count, 1, kMostPromptPoints);
  require_within(kWhere, "count", most_count, 0, kMostPromptPoints);
  if (most_count > 0 && most_count < count) {
    fail(kWhere, "count must be [least, most], got [{}, {}]", count, most_count);
  }
  require_within(kWhere, "negative", negative, 0.0, 1.0);
  noise.validate(kWhere);
  if (!has(PromptType::kClicks)) return;
  require_within(kWhere, "rounds", clicks.rounds, 1, kMostClickRounds);
  require_within(kWhere, "pauses", clicks.pauses, 0, kMostClickRounds);
}

}  // namespace hqsam
