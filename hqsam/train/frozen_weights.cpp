// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/frozen_weights.h"

namespace hqsam {

FrozenWeights::FrozenWeights(SamHq& model) : device_(model->device()) {
  for (const auto& item : model->image_encoder->named_parameters()) {
    const torch::Tensor& parameter = item.value();
    const bool matrix = parameter.dim() >= 2 && item.key().ends_with(".weight");
    if (!matrix || parameter.requires_grad() || parameter.scalar_type() != torch::kFloat32) continue;
    frozen_.push_back({parameter, {}});
  }
}

void FrozenWeights::to_bf16() {
  if (bf16_) return;
  const torch::NoGradGuard no_grad;
  for (Frozen& frozen : frozen_) {
    if (!frozen.original.defined()) frozen.original = frozen.parameter.detach().cpu();
    frozen.parameter.set_data(frozen.parameter.detach().to(torch::kBFloat16));
  }
  bf16_ = true;
}

void FrozenWeights::to_fp32() {
  if (!bf16_) return;
  const torch::NoGradGuard no_grad;
  for (Frozen& frozen : frozen_) frozen.parameter.set_data(frozen.original.to(device_));
  bf16_ = false;
}

}  // namespace hqsam
