// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/error.h"
#include "hqsam/train/trainer.h"

namespace hqsam {
namespace {

constexpr char kWeight[] = "weight/", kFirst[] = "exp_avg/", kSecond[] = "exp_avg_sq/", kSteps[] = "adam_steps";

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

TensorMap Trainer::state() const {
  TensorMap state;
  const auto add = [&](const std::string& name, const torch::Tensor& tensor) {
    state.tensors.emplace_back(name, tensor.detach().cpu());
  };
  int64_t steps = 0;
  for (const auto& [key, parameter] : parameters_) {
    add(kWeight + key, parameter);
    const auto found = optimizer_->state().find(parameter.unsafeGetTensorImpl());
    if (found == optimizer_->state().end()) {  // before the first step
      add(kFirst + key, torch::zeros_like(parameter));
      add(kSecond + key, torch::zeros_like(parameter));
      continue;
    }
    const auto& adam = static_cast<const torch::optim::AdamParamState&>(*found->second);
    add(kFirst + key, adam.exp_avg());
    add(kSecond + key, adam.exp_avg_sq());
    steps = adam.step();
  }
  add(kSteps, torch::full(1, steps, torch::kInt64));
  return state;
}

void Trainer::load_state(const TensorMap& state) {
  const torch::NoGradGuard no_grad;
  const int64_t steps = checked(state, kSteps, {1}, torch::kInt64).item<int64_t>();
  if (steps < 0) fail("Trainer::load_state", "{} is {}, expected 0 or more", kSteps, steps);
  for (const auto& [key, parameter] : parameters_) {
    for (const char* prefix : {kWeight, kFirst, kSecond}) {
      checked(state, prefix + key, parameter.sizes(), torch::kFloat32);
    }
  }
  if (state.tensors.size() != 3 * parameters_.size() + 1) {
    fail("Trainer::load_state", "expected {} tensors, got {}: the state is another model's", 3 * parameters_.size() + 1,
         state.tensors.size());
  }
  for (auto [key, parameter] : parameters_) {
    parameter.copy_(state.at(kWeight + key));
    auto adam = std::make_unique<torch::optim::AdamParamState>();
    adam->step(steps);
    adam->exp_avg(torch::empty_like(parameter).copy_(state.at(kFirst + key)));
    adam->exp_avg_sq(torch::empty_like(parameter).copy_(state.at(kSecond + key)));
    optimizer_->state()[parameter.unsafeGetTensorImpl()] = std::move(adam);
  }
}

}  // namespace hqsam
