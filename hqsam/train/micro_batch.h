// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <span>
#include <vector>

#include "hqsam/data/loader.h"
#include "hqsam/prompt/prompt.h"
#include "hqsam/train/loss.h"

namespace hqsam {

// Consecutive rows of a micro batch whose prompts go through the decoder together.
struct PromptGroup {
  int64_t rows = 0;
  PromptTensors prompts;
};

// Rows as tensors on the model's device.
struct MicroBatch {
  torch::Tensor labels;  // [B,1,S,S] float32, 0..1
  torch::Tensor known;   // [B,1,S,S] float32, 0 where nobody knows; undefined: all rows' labels count everywhere
  LossDraws draws;
  std::vector<PromptGroup> groups;  // in the rows' order
};

// Rows of one kind have the same rounds of clicks, and an own mask or none.
bool of_one_kind(const TrainingRow& a, const TrainingRow& b);

// Rows of one kind side by side, those without own masks and clicks first; of these, rows with prompts that can share a
// group; else in the order given.
std::vector<const TrainingRow*> sort_by_prompt(const std::vector<TrainingRow>& rows);

// The rows' pictures on the device, [B,3,S,S] uint8, RGB.
torch::Tensor stack_images(std::span<const TrainingRow* const> rows, torch::Device device);

// The rows' draws of loss points for a round of clicks (0: the first prompt's), by seed, epoch and position alone.
LossDraws stack_loss_draws(std::span<const TrainingRow* const> rows, uint64_t seed, int64_t epoch, int64_t round,
                           const LossOptions& options, torch::Device device);

// What the decoder and the loss read in the first round. rows: a part of what sort_by_prompt returned. Each row's draws
// depend on seed, epoch and its position alone.
MicroBatch stack_rows(std::span<const TrainingRow* const> rows, uint64_t seed, int64_t epoch,
                      const LossOptions& options, torch::Device device);

}  // namespace hqsam
