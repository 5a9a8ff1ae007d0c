// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/flat_parameters.h"

#include "hqsam/core/error.h"

namespace hqsam {

FlatParameters::FlatParameters(NamedTensors parameters, int64_t tail) : named_(std::move(parameters)), tail_(tail) {
  constexpr int64_t kAlign = 16;  // numbers of 4 bytes
  int64_t total = 0;
  for (const auto& [key, parameter] : named_) {
    if (parameter.scalar_type() != torch::kFloat32) {
      fail("Trainer", "{} is {}; weights that train must be float32", key, toString(parameter.scalar_type()));
    }
    offsets_.push_back(total);
    total += (parameter.numel() + kAlign - 1) / kAlign * kAlign;
  }
  const auto like = named_.front().second.options().requires_grad(false);
  weights_ = torch::zeros(total, like);
  sums_ = torch::zeros(total + tail, like);
  const torch::NoGradGuard no_grad;
  for (size_t i = 0; i < named_.size(); ++i) {
    torch::Tensor& parameter = named_[i].second;
    const auto place = part(weights_, i).copy_(parameter);
    parameter.set_data(place);
    parameter.requires_grad_(true);
    parameter.mutable_grad() = part(gradients(), i);
  }
}

torch::Tensor FlatParameters::part(const torch::Tensor& buffer, size_t i) const {
  const torch::Tensor& parameter = named_[i].second;
  return buffer.narrow(0, offsets_[i], parameter.numel()).view(parameter.sizes());
}

}  // namespace hqsam
