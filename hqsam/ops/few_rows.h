// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

namespace hqsam {

// Products of a few rows, such as a prompt's tokens, in fp32 on a CPU with AVX-512: a row's bits are the same whatever
// rows come with it and however many threads there are, and a weight is read as it lies. Without gradients.

// Whether these functions take x and a weight.
bool takes_few_rows(const torch::Tensor& x, const torch::Tensor& weight);

// x [H,R,K], weight [H,N,K] -> x weight^T, [H,R,N]
torch::Tensor rows_by_transposed(const torch::Tensor& x, const torch::Tensor& weight);

// x [H,R,K], weight [H,K,N] -> x weight, [H,R,N]
torch::Tensor rows_by(const torch::Tensor& x, const torch::Tensor& weight);

}  // namespace hqsam
