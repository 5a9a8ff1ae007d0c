// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "hqsam/tensorfile/tensor_map.h"
#include "hqsam/train/trainer.h"

namespace hqsam {

// Where a run stands.
struct RunState {
  int64_t epoch = 0;                 // whole epochs done
  int64_t rows = 0;                  // rows of the next one done, over all ranks
  int64_t step = 0;                  // optimizer steps done
  std::optional<double> best_score;  // of the validations so far
  StepLoss sums;                     // of the losses of the steps in the epoch begun
  // Of what must be the same when a run goes on: config, training files, weights that do not train.
  uint64_t config_fingerprint = 0, files_fingerprint = 0, frozen_fingerprint = 0;
};

// Writes state and the trainer's tensors as safetensors, with a checksum over both; atomic.
void save_run_state(const std::filesystem::path& path, const RunState& state, TensorMap tensors);

struct SavedRun {
  RunState state;
  TensorMap tensors;
};
// Throws Error when the file is no run's state, of another version, or fails its checksum.
SavedRun load_run_state(const std::filesystem::path& path);

// Changes when a bit of the model's parameters and buffers that are not in the trainer's parameters() does (a
// sum over their bytes as integers; not against malice).
uint64_t frozen_fingerprint(Trainer& trainer);

}  // namespace hqsam
