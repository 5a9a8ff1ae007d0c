// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

namespace hqsam {

// Adam (Kingma and Ba, ICLR 2015) of one buffer of weights, by PyTorch's fused kernel; betas 0.9 0.999, eps 1e-8.
struct Adam {
  explicit Adam(const torch::Tensor& weights);
  void step(torch::Tensor weights, torch::Tensor gradients, double lr);

  torch::Tensor exp_avg, exp_avg_sq;  // like the weights
  int64_t steps = 0;
};

}  // namespace hqsam
