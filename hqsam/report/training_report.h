// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hqsam/report/html.h"

namespace hqsam {

struct TrainingReportOptions {
  std::string title = "Training";
  std::vector<HtmlFact> facts;      // rows of the table about the run: model, sets, rates; text
  int64_t batch_size = 0;           // rows per step, which gives the time spent in steps; 0 = not known
  double boundary_dilation = 0.02;  // of mBIoU, a share of the diagonal
};

// report.html of a run's folder (train/run.h), one file without outside parts: curves of losses, learning rate,
// validation metrics and whatever else metrics.jsonl holds by step; a table of the epochs; the samples that
// TrainingSamples drew, over time; facts and the resolved config. What the folder lacks is left out, so it may be
// written at any time of a run. Throws Error where a file cannot be read or written.
void write_training_report(const std::filesystem::path& run_folder, const TrainingReportOptions& options = {});

}  // namespace hqsam
