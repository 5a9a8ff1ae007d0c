// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/add_layer_norm.h"

#include "hqsam/ops/autocast.h"
#include "hqsam/ops/cuda.h"
#include "hqsam/ops/cuda_kernels.h"

namespace hqsam {
namespace {

bool is_fused(const torch::Tensor& x, const torch::Tensor& delta, const torch::Tensor& weight) {
  const bool bf16 = at::autocast::is_autocast_enabled(x.device().type()) &&
                    at::autocast::get_autocast_dtype(x.device().type()) == torch::kBFloat16;
  return has_cuda_kernels(x.device()) && bf16 && !torch::GradMode::is_enabled() && x.scalar_type() == torch::kFloat32 &&
         weight.scalar_type() == torch::kFloat32 &&
         (!delta.defined() || (delta.scalar_type() == torch::kBFloat16 && delta.sizes() == x.sizes())) &&
         cuda::takes_add_layer_norm(x.size(-1));
}

Normed add_layer_norm_fused(const torch::Tensor& x, const torch::Tensor& delta, torch::nn::LayerNormImpl& norm) {
  const c10::DeviceGuard guard(x.device());
  const auto from = x.contiguous(), added = delta.defined() ? delta.contiguous() : delta;
  const Normed result{delta.defined() ? torch::empty_like(from) : x,
                      torch::empty(from.sizes(), from.options().dtype(torch::kBFloat16))};
  const int64_t channels = from.size(-1);
  const cuda::AddLayerNormArgs args{.x = from.const_data_ptr<float>(),
                                    .delta = delta.defined() ? added.const_data_ptr() : nullptr,
                                    .weight = norm.weight.const_data_ptr<float>(),
                                    .bias = norm.bias.const_data_ptr<float>(),
                                    .sum = delta.defined() ? result.sum.mutable_data_ptr<float>() : nullptr,
                                    .normed = result.normed.mutable_data_ptr(),
                                    .rows = from.numel() / channels,
                                    .channels = static_cast<int>(channels),
                                    .eps = static_cast<float>(norm.options.eps())};
  require_launched("add_layer_norm", cuda::add_layer_norm(args, current_cuda_stream(x.device())));
  return result;
}

}  // namespace

Normed add_layer_norm(const torch::Tensor& x, const torch::Tensor& delta, torch::nn::LayerNormImpl& norm) {
  if (is_fused(x, delta, norm.weight)) return add_layer_norm_fused(x, delta, norm);
  const auto sum = delta.defined() ? x + delta : x;
  return {sum, to_autocast_type(norm.forward(sum))};
}

}  // namespace hqsam
