// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "hqsam/evaluate/evaluate.h"
#include "hqsam/report/cost.h"

namespace hqsam {

// What prompt, truth, SAM and HQ look like side by side on one picture, scores (percent) in the captions.
// Panels of kinds that masks lacks are left out; for HQ it is "hq" or else "sum".
Image comparison_picture(const Sample& sample, int64_t mask_index, const SampleMasks& masks,
                         const SampleResult& scores);

struct ReportOptions {
  std::string title, checkpoint;
  int64_t gallery = 4;                // samples of each gallery; 0 = no pictures
  int64_t attention = 4;              // samples, the first ones shown, with attention maps
  std::vector<CostRow> costs;         // none = no table of costs
  std::vector<TradeOffPoint> beside;  // checkpoints to compare with, this one among them
};

// report.html: one file without outside parts. Table per set and mean, SAM beside HQ with the paired
// bootstrap interval of the difference per image, pooled; recall over thresholds of boundary IoU, click curves,
// costs; galleries of the most changed, best and worst samples with overlays and boundary errors. Pictures are
// made by running the model on those samples again. Throws Error where sets are not those of the result.
void write_evaluation_report(const std::filesystem::path& path, SamHq& model, const std::vector<NamedDataset>& sets,
                             const EvaluateResult& result, const EvaluateOptions& evaluate_options,
                             const ReportOptions& options);

}  // namespace hqsam
