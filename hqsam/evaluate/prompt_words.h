// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/core/choose.h"
#include "hqsam/evaluate/options.h"

namespace hqsam {

// The words of prompts in files and on command lines: a type of those made of the truth, else their origin.
inline constexpr Choice<PromptType> kPromptTypes[] = {{PromptType::kBox, "box"},
                                                      {PromptType::kPoints, "points"},
                                                      {PromptType::kNoisyMask, "noisy_mask"},
                                                      {PromptType::kRoughMask, "rough_mask"}};
// Of training's mixture: SAM's own mask and rounds of clicks too.
inline constexpr Choice<PromptType> kTrainingPromptTypes[] = {{PromptType::kBox, "box"},
                                                              {PromptType::kPoints, "points"},
                                                              {PromptType::kNoisyMask, "noisy_mask"},
                                                              {PromptType::kRoughMask, "rough_mask"},
                                                              {PromptType::kOwnMask, "own_mask"},
                                                              {PromptType::kClicks, "clicks"}};
inline constexpr Choice<PromptOrigin> kPromptOrigins[] = {{PromptOrigin::kCoarseMask, "coarse_mask"},
                                                          {PromptOrigin::kDetector, "detector"},
                                                          {PromptOrigin::kClicks, "clicks"},
                                                          {PromptOrigin::kProposals, "proposals"}};

}  // namespace hqsam
