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

// HQ where it was evaluated, else the sum, else SAM: the kind that reports are about.
MaskKind leading_kind(const EvaluateResult& result);

// "SAM", "HQ", "SAM + HQ"
std::string kind_label(MaskKind kind);

// Where the boundaries of SAM's and the leading kind's masks are right and wrong: "SAM, boundary", "HQ, boundary".
std::vector<ComparisonPanel> boundary_panels(const Sample& sample, int64_t mask_index, const SampleMasks& masks,
                                             double dilation);

// Samples to show. Where SAM was evaluated beside another kind: the most gained and the most lost, by the leading
// kind's boundary IoU minus SAM's, from the largest change; then the best and the worst by the leading kind's
// boundary IoU. No sample is in two galleries, and none is empty.
struct Gallery {
  std::string title, explanation;
  std::vector<size_t> samples;  // numbers in EvaluateResult::samples
};
std::vector<Gallery> choose_galleries(const EvaluateResult& result, int64_t count);

}  // namespace hqsam
