// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <vector>

#include "hqsam/core/geometry.h"

namespace hqsam {

// What points at one mask, in the frame of the model's input, on the CPU; tensors that are undefined are not given.
// Box, points and mask may come together; at least one of them is there. Training, evaluation and prediction make it,
// and whatever decodes takes it.
struct Prompt {
  torch::Tensor box_in_input;        // [4] float32 x0 y0 x1 y1
  torch::Tensor points_in_input;     // [K,2] float32 x y
  torch::Tensor point_labels;        // [K] int32: 1 inside, 0 outside; defined where points are
  torch::Tensor mask_in_mask_input;  // [1,M,M] float32: logits of a mask, or 0 and 255 as in HQ-SAM's training

  bool is_empty() const {
    return !box_in_input.defined() && !points_in_input.defined() && !mask_in_mask_input.defined();
  }
};

// The tensors of a prompt's parts.
torch::Tensor box_tensor(const Box& box_in_input);
torch::Tensor points_tensor(const std::vector<Point>& points_in_input);
torch::Tensor labels_tensor(const std::vector<int>& point_labels);

// Prompts of N masks as the model takes them, on its device; undefined tensors are prompts not given. At least one is
// defined.
struct PromptTensors {
  torch::Tensor points;        // [N,K,2] x y, pixels of the input
  torch::Tensor point_labels;  // [N,K]: 1 positive, 0 negative, -1 not a point
  torch::Tensor boxes;         // [N,4] x0 y0 x1 y1, pixels of the input
  torch::Tensor masks;         // [N,1,4*grid,4*grid]: logits, or 0/255 as in HQ-SAM's training
};

}  // namespace hqsam
