// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/adam.h"

namespace hqsam {

Adam::Adam(const torch::Tensor& weights)
    : exp_avg(torch::zeros_like(weights)), exp_avg_sq(torch::zeros_like(weights)) {}

void Adam::step(torch::Tensor weights, torch::Tensor gradients, double lr) {
  constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEps = 1e-8;
  const torch::NoGradGuard no_grad;
  const auto count = torch::full({}, static_cast<double>(++steps), weights.options());
  torch::_fused_adam_({weights}, {gradients}, {exp_avg}, {exp_avg_sq}, /*max_exp_avg_sqs=*/{}, {count}, lr, kBeta1,
                      kBeta2, /*weight_decay=*/0, kEps, /*amsgrad=*/false, /*maximize=*/false);
}

}  // namespace hqsam
