// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "hqsam/train/trainer.h"

namespace hqsam {

// Metrics of one validation, e.g. {"hq.mbiou": 71.3, "hq.miou": 80.2}; percent. `score` picks the best epoch.
struct Validation {
  double score = 0;
  std::map<std::string, double> metrics;
};

struct RunOptions {
  std::filesystem::path output;     // the run's folder
  bool resume = false;              // go on from output/state
  bool overwrite = false;           // replace what an earlier run left
  std::string config_text;          // resolved config, kept as output/config.yaml
  uint64_t config_fingerprint = 0;  // of what must not change across a resume
};

enum class RunEnd { kFinished, kStopped };  // kStopped: on a signal, state saved

// Trains for options.epochs, each over whole batches of the set (the rows left over are dropped), and leaves
// behind in output:
//   config.yaml                    options.config_text
//   checkpoints/epoch_0001.pth     after each epoch: the keys that train
//   best.pth                       the whole model of the epoch with the highest score; with validation only
//   model.pth                      the whole model at the end
//   metrics.jsonl                  a line per step and per epoch, flushed as written; epochs count from 1:
//     {"type":"step","epoch":1,"step":7,"loss":..,"loss_mask":..,"loss_dice":..,"lr":..,"images_per_s":..}
//     {"type":"epoch","epoch":1,"step":50,"loss":..,"loss_mask":..,"loss_dice":..,"lr":..,"images_per_s":..,
//      "data_wait":.. (share of the time spent waiting for rows),"valid":{..},"score":..}; objective sam has a
//      "loss_iou" in both. An epoch's losses are means over its steps, its speed that of the steps since a resume.
//   state/latest.safetensors       after each epoch (before and after its validation), every save_minutes, and on a
//   stop
// validate is called after each epoch without gradients (may be empty); stop is looked at after every step.
//
// A run killed at any time goes on with `resume` from its last state and ends with the same weights to the bit
// (on a CPU with equal threads). One killed before its first save starts anew; one that finished stays as it is.
// Throws Error when output holds a run already (without resume or overwrite), when there is nothing to resume,
// when the state to resume was made with another config, other files or another base model, or is damaged, and
// when the set has fewer rows than a batch. For groups of one process.
RunEnd run_training(Trainer& trainer, const TrainingSet& set, const RunOptions& options,
                    const std::function<Validation(SamHq&)>& validate, const std::atomic<bool>& stop);

}  // namespace hqsam
