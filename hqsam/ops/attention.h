// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

namespace hqsam {

// softmax(q k^T / sqrt(D) + bias) v, q [N,heads,Q,D], k and v [N,heads,K,D], by libtorch's operation. Where
// ATEN_CPU_CAPABILITY holds libtorch below AVX-512 on a CPU that multiplies in bf16, that operation fails in bf16
// (2.11); it is done in fp32 there.
torch::Tensor attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                        const std::optional<torch::Tensor>& bias = {});

}  // namespace hqsam
