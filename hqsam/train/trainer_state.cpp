// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/error.h"
#include "hqsam/train/trainer.h"

namespace hqsam {
namespace {

constexpr char kSteps[] = "adam_steps";

const torch::Tensor& checked(const TensorMap& state, const std::string& name, at::IntArrayRef shape,
                             torch::Dtype dtype) {
  const torch::Tensor& tensor = state.at(name);
  if (tensor.sizes() != shape || tensor.scalar_type() != dtype) {
    fail("Trainer::load_state", "expected {} of shape {} and {}, got {} and {}: the state is another model's", name,
         fmt::join(shape, "x"), toString(dtype), fmt::join(tensor.sizes(), "x"), toString(tensor.scalar_type()));
  }
  return tensor;
}

}  // namespace

// By the first word of their names in the state.
NamedTensors Trainer::buffers_to_save() const {
  NamedTensors buffers = {
      {"weight/", flat_->weights()}, {"exp_avg/", adam_->exp_avg}, {"exp_avg_sq/", adam_->exp_avg_sq}};
  if (average_.defined()) buffers.emplace_back("ema/", average_);
  return buffers;
}

bool Trainer::is_finite() const {
  const torch::NoGradGuard no_grad;
  for (const auto& [prefix, buffer] : buffers_to_save()) {
    if (!buffer.isfinite().all().item<bool>()) return false;
  }
  return true;
}

TensorMap Trainer::state() const {
  TensorMap state;
  for (const auto& [prefix, buffer] : buffers_to_save()) {
    const auto values = buffer.detach().cpu();
    for (size_t i = 0; i < parameters().size(); ++i) {
      state.tensors.emplace_back(prefix + parameters()[i].first, flat_->part(values, i));
    }
  }
  state.tensors.emplace_back(kSteps, torch::full(1, adam_->steps, torch::kInt64));
  return state;
}

void Trainer::load_state(const TensorMap& state) {
  const torch::NoGradGuard no_grad;
  const int64_t steps = checked(state, kSteps, {1}, torch::kInt64).item<int64_t>();
  if (steps < 0) fail("Trainer::load_state", "{} is {}, expected 0 or more", kSteps, steps);
  const auto buffers = buffers_to_save();
  for (const auto& [prefix, buffer] : buffers) {
    for (const auto& [key, parameter] : parameters()) {
      checked(state, prefix + key, parameter.sizes(), torch::kFloat32);
    }
  }
  const size_t expected = buffers.size() * parameters().size() + 1;
  if (state.tensors.size() != expected) {
    fail("Trainer::load_state", "expected {} tensors, got {}: the state is another model's", expected,
         state.tensors.size());
  }
  for (const auto& [prefix, buffer] : buffers) {
    for (size_t i = 0; i < parameters().size(); ++i) {
      flat_->part(buffer, i).copy_(state.at(prefix + parameters()[i].first));
    }
  }
  adam_->steps = steps;
}

void Trainer::broadcast_state() {
  const torch::NoGradGuard no_grad;
  for (const auto& [prefix, buffer] : buffers_to_save()) group_->broadcast(buffer, 0);
  auto steps = torch::full(1, adam_->steps, flat_->weights().options().dtype(torch::kInt64));
  group_->broadcast(steps, 0);
  adam_->steps = steps.item<int64_t>();
}

}  // namespace hqsam
