// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "hqsam/core/error.h"
#include "hqsam/tensorfile/tensor_map.h"
#include "hqsam/train/trainer.h"

namespace hqsam {

// Where a run stands.
struct RunState {
  int64_t epoch = 0;                 // whole epochs done
  int64_t rows = 0;                  // rows of the next one done, over all ranks
  int64_t step = 0;                  // steps done, skipped ones too
  std::optional<double> best_score;  // of the validations so far
  std::string best_by = {};          // train.best_metric, by which best_score was found
  StepLoss sums;                     // of the losses of the steps in the epoch begun
  int64_t summed = 0;                // steps in these sums: those not skipped
  int64_t skipped = 0;               // steps skipped since the run began
  int64_t skipped_in_row = 0;        // up to the last step
  int64_t unread = 0;                // rows passed over since the run began (data.on_error: skip)
  int64_t unread_in_epoch = 0;       // and in the epoch begun
  int64_t timed_rows = 0;            // rows of the epoch begun that seconds and waited tell of
  double seconds = 0, waited = 0;    // that their steps took, and waited for rows
  int64_t validated = 0;             // the step of the last validation within an epoch
  std::string best_masks = {};       // of the last validation, see Validation
  int64_t stale = 0;                 // validations in a row without a new best
  bool finished = false;             // ended before its last epoch, by train.patience
  // Of what must be the same when a run goes on: config, training files, weights that do not train.
  uint64_t config_fingerprint = 0, files_fingerprint = 0, frozen_fingerprint = 0;
};

std::string to_json(const RunState& state);
RunState run_state_from_json(const std::string& text);  // throws nlohmann::json::exception

// Writes state and the trainer's tensors as safetensors, with a checksum over both; atomic.
void save_run_state(const std::filesystem::path& path, const RunState& state, TensorMap tensors);

struct SavedRun {
  RunState state;
  TensorMap tensors;
};
// A state that is not as it was written or cannot be read, or no state at all.
class DamagedState : public Error {
 public:
  using Error::Error;
};
// Throws DamagedState when the file cannot be read, is no run's state or fails its checksum, Error when it is of
// another version.
SavedRun load_run_state(const std::filesystem::path& path);

// Changes when a bit of the model's parameters and buffers that are not in the trainer's parameters() does (a
// sum over their bytes as integers; not against malice).
uint64_t frozen_fingerprint(Trainer& trainer);
uint64_t trained_fingerprint(Trainer& trainer);  // likewise of the trainer's parameters()

}  // namespace hqsam
