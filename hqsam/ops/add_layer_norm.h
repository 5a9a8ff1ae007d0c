// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

namespace hqsam {

struct Normed {
  torch::Tensor sum;     // x + delta, in x's type; x itself without delta
  torch::Tensor normed;  // its layer norm over the last dimension, in autocast's type where that is on
};

// What stands between two layers of a pre-norm transformer: delta is added to x, and the sum normalized. delta: like x,
// of any floating type, or undefined. Without gradients one kernel: on CUDA in bfloat16, on CPUs with AVX-512 in fp32
// and bfloat16.
Normed add_layer_norm(const torch::Tensor& x, const torch::Tensor& delta, torch::nn::LayerNormImpl& norm);
// The same by plain operations.
Normed add_layer_norm_plain(const torch::Tensor& x, const torch::Tensor& delta, torch::nn::LayerNormImpl& norm);

}  // namespace hqsam
