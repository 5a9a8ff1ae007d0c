// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <span>
#include <vector>

#include "hqsam/train/micro_batch.h"

namespace hqsam {

// One pass of the decoder for rows with clicks.
struct Round {
  bool click = false;  // a point more than in the round before
  bool loss = false;
};

// The first prompt's round, then 1 + rounds + pauses in all: the last pause at the end, the others drawn among the
// rounds behind the first click. Loss in every round, or in the last and one that is drawn among the others. All rows
// of a batch have the same rounds: they are drawn by seed, epoch and the batch's number in the epoch.
std::vector<Round> draw_rounds(const ClickRounds& clicks, uint64_t seed, int64_t epoch, int64_t batch);

// Where a click can fall, [N,1,S,S] bool: on known pixels of the rows' pictures.
torch::Tensor clickable_pixels(std::span<const TrainingRow* const> rows, torch::Device device);

// A number for each row's click of a round, [N] int64 of 32 bits, on the device.
torch::Tensor click_keys(std::span<const TrainingRow* const> rows, uint64_t seed, int64_t epoch, int64_t round,
                         torch::Device device);

struct NewPoints {
  torch::Tensor points;  // [N,1,2] float32, pixels of the input
  torch::Tensor labels;  // [N,1] int32: 1 inside, 0 outside, -1: no error is left and the point says nothing
};

// A point for each row, drawn uniformly from the pixels where logits [N,1,m,m], brought to S x S bilinearly, > 0 differ
// from labels [N,1,S,S] in 0..1, > 0.5, and that are clickable. It is the one of them with the greatest of random
// numbers that all pixels have by the row's key: a few errors more or less hardly ever move it.
NewPoints draw_error_points(const torch::Tensor& logits, const torch::Tensor& labels, const torch::Tensor& clickable,
                            const torch::Tensor& keys);

}  // namespace hqsam
