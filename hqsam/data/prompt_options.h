// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "hqsam/data/rough_mask.h"

namespace hqsam {

// kNoisyMask is HQ-SAM's rough mask, kRoughMask one of rough_mask.h's, kOwnMask what SAM makes of the box. kClicks:
// rounds of clicks follow.
enum class PromptType { kBox, kPoints, kNoisyMask, kRoughMask, kOwnMask, kClicks };

inline constexpr int64_t kMostPromptPoints = 4096;
inline constexpr int64_t kMostClickRounds = 64;
inline constexpr double kCapSide = 1024;  // pixels of the input that BoxNoise::cap is meant for

// How far a box's corners are off: normal, each coordinate by itself.
struct BoxNoise {
  double share = 0;  // standard deviation, of the box's side
  double cap = 0;    // at most so many pixels of an input of 1024, as many more of a larger one; 0 = no limit
  bool operator==(const BoxNoise&) const = default;
  void validate(const char* where) const;  // throws Error naming the field
};

// SAM's interactive training (Kirillov et al., ICCV 2023, appendix A): behind the first prompt come rounds whose prompt
// has one point more, drawn from where the mask before is wrong, and that mask's logits.
struct ClickRounds {
  int64_t rounds = 0;  // with a new point; 0 = the first prompt alone
  int64_t pauses = 0;  // rounds more without one: the last of them at the end, the others drawn among the rounds
  bool every = true;   // loss in every round; else in the last and a drawn one
  auto operator<=>(const ClickRounds&) const = default;
};

// Whether SAM's own single mask of a row's box, cut at 0, becomes its mask prompt, in the box's place or beside it.
enum class OwnMask { kNone, kInstead, kBeside };

// One entry of the training mixture: a type of prompt, or several that are given together.
struct PromptOptions {
  std::vector<PromptType> types = {PromptType::kBox};  // each at most once
  double weight = 1;
  int64_t count = 10;                 // points: so many, or
  int64_t most_count = 0;             // above count: count to most_count of them, each number equally often
  double negative = 0;                // points: the probability that one behind the first lies outside
  BoxNoise noise = {};                // boxes, also that of kOwnMask
  std::vector<RoughKind> kinds = {};  // rough masks: one of these, each equally often; empty = of all
  // kClicks. With other types these are the first prompt; alone it is a box or one point, equally often.
  ClickRounds clicks = {8, 2};
  bool has(PromptType type) const;
  void validate() const;  // throws Error naming the field
};

}  // namespace hqsam
