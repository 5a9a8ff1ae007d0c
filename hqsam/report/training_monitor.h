// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>

#include "hqsam/report/tensorboard.h"
#include "hqsam/report/training_report.h"
#include "hqsam/report/training_samples.h"

namespace hqsam {

struct TrainingMonitorOptions {
  std::filesystem::path run_folder;
  std::vector<NamedDataset> sets;  // to draw samples of; may be empty
  EvaluateOptions evaluate;        // how samples are prompted, and the one kind of mask to draw
  int64_t samples = 4;             // pictures drawn after each validation
  TrainingReportOptions report;
};

// What a run shows of itself besides its log: TensorBoard events in <run>/tensorboard, the masks of fixed validation
// samples over time in <run>/samples, and <run>/report.html, renewed with every epoch and validation. For rank 0.
// Nothing here stops a run: what cannot be read or written is warned of once.
class TrainingMonitor {
 public:
  explicit TrainingMonitor(TrainingMonitorOptions options);

  // For RunOptions::on_line: a line of metrics.jsonl, when it is written. Numbers go to TensorBoard as "train/loss"
  // (steps), "epoch/loss", "valid/hq.mbiou" and "gain/mbiou" (with "_low" and "_high", its interval).
  void line(const nlohmann::ordered_json& line);
  // For the end of each validation, with the weights that were validated.
  void validated(SamHq& model);
  // For the start, before the first step: draws SAM's masks.
  void measured_start(SamHq& model);

 private:
  TensorBoardWriter& tensorboard(int64_t purge_step);
  int64_t last_step();
  void draw(SamHq& model, int64_t step, std::optional<MaskKind> kind);

  TrainingMonitorOptions options_;
  std::optional<TrainingSamples> samples_;
  std::unique_ptr<TensorBoardWriter> tensorboard_;  // made with the first event
  std::optional<int64_t> last_step_;
  std::set<std::string> warned_;
};

}  // namespace hqsam
