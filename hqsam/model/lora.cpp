// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/lora.h"

#include "hqsam/core/bounds.h"
#include "hqsam/core/error.h"

namespace hqsam {

void LoraOptions::validate() const {
  require_within("LoraOptions", "lora.rank", rank, 1, 1024);
  require_within("LoraOptions", "lora.alpha", alpha, 1e-6, 1e4);
}

torch::Tensor LoraLinearImpl::forward(const torch::Tensor& x) {
  const auto plain = forward_packed(x);
  return attached() ? plain + scale_ * torch::linear(torch::linear(x, a_), b_) : plain;
}

void LoraLinearImpl::attach(torch::Tensor a, torch::Tensor b, double scale) {
  if (a.dim() != 2 || b.dim() != 2 || a.size(1) != weight.size(1) || b.size(0) != weight.size(0) ||
      a.size(0) != b.size(1)) {
    fail("LoraLinear", "expected a [rank,{}] and b [{},rank], got {} and {}", weight.size(1), weight.size(0),
         fmt::join(a.sizes(), "x"), fmt::join(b.sizes(), "x"));
  }
  a_ = std::move(a);
  b_ = std::move(b);
  scale_ = scale;
}

torch::Tensor LoraLinearImpl::merged_weight() const {
  const torch::NoGradGuard no_grad;
  return weight.to(torch::kFloat32) + scale_ * torch::matmul(b_, a_);
}

NamedTensors attach_lora(torch::nn::Module& model, const LoraOptions& options, uint64_t seed) {
  options.validate();
  auto generator = at::detail::createCPUGenerator(seed);
  NamedTensors parameters;
  for (const auto& item : model.named_modules("", /*include_self=*/false)) {
    auto* layer = item.value()->as<LoraLinearImpl>();
    if (layer == nullptr) continue;
    const int64_t in = layer->weight.size(1), out = layer->weight.size(0);
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    const auto device = layer->weight.device();
    auto a = torch::empty({options.rank, in}).uniform_(-bound, bound, generator).to(device);
    auto b = torch::zeros({out, options.rank}, device);
    layer->attach(a, b, options.alpha / static_cast<double>(options.rank));
    parameters.emplace_back(item.key() + ".lora_a", std::move(a));
    parameters.emplace_back(item.key() + ".lora_b", std::move(b));
  }
  if (parameters.empty()) fail("attach_lora", "this model's encoder has no layers for low-rank terms; only ViTs do");
  return parameters;
}

NamedTensors merged_lora_weights(const torch::nn::Module& model) {
  NamedTensors weights;
  for (const auto& item : model.named_modules("", /*include_self=*/false)) {
    const auto* layer = item.value()->as<LoraLinearImpl>();
    if (layer != nullptr && layer->attached())
      weights.emplace_back(item.key() + ".weight", layer->merged_weight().cpu());
  }
  return weights;
}

}  // namespace hqsam
