// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "hqsam/config/config.h"
#include "hqsam/train/run.h"

namespace hqsam {

// How data.valid is evaluated: as evaluate says, by its first prompt, with the masks of the objective, and with HQ's
// the sum as well.
EvaluateOptions validation_options(const Config& config);

// What a run checks as it goes: data.valid's sets with the masks of its objective, scored by their mean mBIoU. Metrics
// are "hq.mbiou" for the mean over sets and "<set>/hq.mbiou" for one. What the run begins with is measured once, SAM's
// masks ("sam.mbiou"), or with the objectives that train SAM its masks as they were ("start.mbiou"); once that is known
// every validation has these metrics too, and the gains over them, mask by mask. It runs in the training's precision.
class RunValidation : public RunStart {
 public:
  // sets: those of data.valid, at least one. Once `stop` is set a validation ends at once, by Stopped. Throws Error
  // where the first prompt is detector.
  RunValidation(const Config& config, std::vector<NamedDataset> sets, std::shared_ptr<Group> group,
                const std::atomic<bool>& stop);

  // On all ranks. Throws Error where no mask was scored.
  Validation validate(SamHq& model);

  Validation measure(SamHq& model) override;
  bool stays() const override { return stays_; }
  std::string text() const override;
  bool recall(const std::string& text) override;
  std::function<void(SamHq& model)> on_start = {};  // called when the start was measured

 private:
  using MaskKey = std::tuple<std::string, std::string, int64_t>;  // set, picture, mask
  struct Scores {
    double iou = 0, boundary_iou = 0;  // percent
  };

  EvaluateResult evaluate_masks(SamHq& model, const EvaluateOptions& options);
  void add_gains(const EvaluateResult& result, Validation& validation);

  std::vector<NamedDataset> sets_;
  std::shared_ptr<Group> group_;
  EvaluateOptions options_;
  Precision precision_;
  uint64_t fingerprint_;
  bool stays_ = false;
  std::string start_kind_;  // "sam" or "start"
  bool known_ = false, told_ = false;
  Validation start_;
  std::map<MaskKey, Scores> start_scores_;
};

}  // namespace hqsam
