// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hqsam/evaluate/evaluate.h"

namespace hqsam {

// One picture of a comparison, of the sample's own size.
struct ComparisonPanel {
  Image image;
  std::string name;  // "Prompt", "Truth", "SAM", "HQ" or "SAM + HQ"
  std::optional<SampleResult::Scores> scores;
};
std::vector<ComparisonPanel> comparison_panels(const Sample& sample, int64_t mask_index, const SampleMasks& masks,
                                               const SampleResult& scores);

// "hq" where it was evaluated, else "sum", else "sam": the kind that reports are about.
std::string leading_kind(const EvaluateResult& result);

// "SAM", "HQ", "SAM + HQ"
std::string kind_label(const std::string& kind);

// Samples to show, best first. Where SAM was evaluated beside another kind they are ranked by the gain of
// the leading kind's boundary IoU over SAM's, else by boundary IoU itself. No sample is in two galleries.
struct Gallery {
  std::string title, explanation;
  std::vector<size_t> samples;  // numbers in EvaluateResult::samples
};
std::vector<Gallery> choose_galleries(const EvaluateResult& result, int64_t count);

}  // namespace hqsam
