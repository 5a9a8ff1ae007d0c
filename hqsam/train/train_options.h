// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "hqsam/model/lora.h"
#include "hqsam/train/loss.h"
#include "hqsam/train/schedule.h"

namespace hqsam {

// kHq: loss on the HQ mask; kSam: SAM's own masks and IoU head; kSamMask: HQ-SAM's loss on SAM's own single mask, for
// the rivals of HQ training in its paper.
enum class Objective { kHq, kSam, kSamMask };
// kHq: the HQ modules; kOutputToken: SAM's token of its single mask and that token's network; kDecoder: the whole mask
// decoder; kLora: the HQ modules and low-rank terms of the encoder's qkv layers; kAll: every parameter.
enum class Trainable { kHq, kOutputToken, kDecoder, kLora, kAll };
// kAuto: bf16 on CUDA, fp32 on a CPU. Training and its validation run in one precision.
enum class Precision { kAuto, kFp32, kBf16 };
inline bool runs_in_bf16(Precision precision, torch::Device device) {
  return precision == Precision::kBf16 || (precision == Precision::kAuto && device.is_cuda());
}

// After every so many epochs, or after every so many steps; always at the end of the run.
struct ValidateEvery {
  int64_t epochs = 1;
  int64_t steps = 0;  // above 0: counted in steps, epochs is unused
};

struct TrainOptions {
  Objective objective = Objective::kHq;
  Trainable trainable = Trainable::kHq;
  LoraOptions lora;  // of trainable kLora
  int64_t epochs = 12;
  int64_t batch_size = 32;    // rows per optimizer step, over all ranks
  int64_t micro_batch = 4;    // rows of a rank at a time; the rest is accumulated
  int64_t encoder_batch = 0;  // rows through the encoder at a time, where it does not train; 0 = micro_batch
  // Where set, what the encoder makes of each picture is kept in this folder (feature_cache.h), for an encoder that
  // does not train and pictures that are the same in every epoch.
  std::filesystem::path cache_features;
  double lr = 1e-3;  // Adam, betas 0.9 0.999, eps 1e-8
  ScheduleOptions schedule;
  double clip_grad_norm = 0;  // the gradient's norm is cut to this; 0 = as it is
  // Above 0: saved and validated are running means of the weights, mean = decay mean + (1 - decay) weight after every
  // step (the decay is (1 + n) / (10 + n) after n steps where that is less).
  double ema_decay = 0;
  Precision precision = Precision::kAuto;
  // PyTorch's deterministic algorithms, which a Trainer switches on for the whole process; on a CPU they change
  // nothing.
  bool deterministic = false;
  uint64_t seed = 42;
  int64_t workers = 4;  // loader threads
  ValidateEvery validate_every;
  std::string best_metric;   // what makes a validation the best, by its name in metrics.jsonl; "" = its score
  int64_t patience = 0;      // the run ends after so many validations in a row without a new best; 0 = never
  double save_minutes = 10;  // between saves of the resumable state, besides the end of each epoch; 0 = every step
  int64_t keep_states = 3;   // the last ones kept
  LossOptions loss;
  void validate() const;  // throws Error naming the field
};

}  // namespace hqsam
