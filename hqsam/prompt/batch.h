// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <tuple>
#include <vector>

#include "hqsam/prompt/prompt.h"

namespace hqsam {

// Prompts of one shape go through the decoder together. In this order: boxes, points by their number, masks.
using PromptShape = std::tuple<bool, int64_t, bool>;  // has a mask, number of points, has a box
PromptShape shape_of(const Prompt& prompt);

// Numbers of prompts that one decoder call can take: equal shapes, at most most_rows of them. The batches come in the
// order of their first prompts.
std::vector<std::vector<int64_t>> prompt_batches(std::span<const Prompt> prompts, int64_t most_rows);

// The prompts of one batch as the model's input on its device. Throws Error for an empty prompt.
PromptTensors stack_prompts(std::span<const Prompt> prompts, const std::vector<int64_t>& batch, torch::Device device);

// To a GPU from page-locked memory, so that the copy runs while the host goes on.
torch::Tensor copy_to(const torch::Tensor& tensor, torch::Device device);

}  // namespace hqsam
