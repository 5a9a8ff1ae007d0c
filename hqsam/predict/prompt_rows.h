// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hqsam/model/prompt_encoder.h"

namespace hqsam {

// The prompt of one mask in the input frame, on the CPU; undefined tensors are not given.
struct PromptRow {
  torch::Tensor box;           // [4] x0 y0 x1 y1
  torch::Tensor points;        // [K,2] x y
  torch::Tensor point_labels;  // [K]
  torch::Tensor mask;          // [1,M,M]
};

inline constexpr int64_t kDecoderRows = 32;      // prompts in one decoder batch; bounds its memory
inline constexpr int64_t kDecoderRowsOnCpu = 8;  // as fast as 32 there

// Row numbers in batches of at most max_rows that one decoder call can take: equal kinds of prompts and
// equal numbers of points.
std::vector<std::vector<int64_t>> prompt_batches(const std::vector<PromptRow>& rows, int64_t max_rows = kDecoderRows);

// The rows of one batch as the model's input on its device.
PromptTensors stack_prompts(const std::vector<PromptRow>& rows, const std::vector<int64_t>& batch,
                            torch::Device device);

}  // namespace hqsam
