// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/add_layer_norm.h"

#include <algorithm>

#include "hqsam/ops/autocast.h"
#include "hqsam/ops/cpu.h"
#include "hqsam/ops/cpu_kernels.h"
#include "hqsam/ops/cuda.h"
#include "hqsam/ops/cuda_kernels.h"
#include "hqsam/ops/threads.h"

namespace hqsam {
namespace {

bool in_bf16(const torch::Tensor& x) {
  return at::autocast::is_autocast_enabled(x.device().type()) &&
         at::autocast::get_autocast_dtype(x.device().type()) == torch::kBFloat16;
}

bool for_cpu(const torch::Tensor& x, const torch::Tensor& delta, const torch::Tensor& weight) {
  const auto takes = [&](torch::ScalarType type) { return type == torch::kFloat || type == torch::kBFloat16; };
  return x.device().is_cpu() && has_cpu_kernels() && !torch::GradMode::is_enabled() &&
         x.scalar_type() == torch::kFloat && weight.scalar_type() == torch::kFloat && x.size(-1) % cpu::kLanes == 0 &&
         (!delta.defined() || (takes(delta.scalar_type()) && delta.sizes() == x.sizes()));
}

Normed add_layer_norm_cpu(const torch::Tensor& x, const torch::Tensor& delta, torch::nn::LayerNormImpl& norm) {
  const auto from = x.contiguous(), added = delta.defined() ? delta.contiguous() : delta;
  const bool bf16 = in_bf16(x), adds = delta.defined(), bf16_delta = adds && delta.scalar_type() == torch::kBFloat16;
  const Normed result{adds ? torch::empty_like(from) : x,
                      torch::empty(from.sizes(), from.options().dtype(bf16 ? torch::kBFloat16 : torch::kFloat))};
  const int64_t channels = from.size(-1);
  const int64_t rows = from.numel() / channels;
  constexpr int64_t kRows = 64;  // a task
  share_tasks((rows + kRows - 1) / kRows, [&](int64_t task) {
    const int64_t begin = task * kRows, first = begin * channels;
    cpu::AddLayerNormRows part{.x = from.const_data_ptr<float>() + first,
                               .weight = norm.weight.const_data_ptr<float>(),
                               .bias = norm.bias.const_data_ptr<float>(),
                               .rows = std::min(kRows, rows - begin),
                               .channels = channels,
                               .eps = static_cast<float>(norm.options.eps())};
    if (adds) part.sum = result.sum.mutable_data_ptr<float>() + first;
    if (adds && !bf16_delta) part.delta = added.const_data_ptr<float>() + first;
    if (bf16_delta) part.delta_bf16 = static_cast<const uint16_t*>(added.const_data_ptr()) + first;
    if (bf16) part.normed_bf16 = static_cast<uint16_t*>(result.normed.mutable_data_ptr()) + first;
    if (!bf16) part.normed = result.normed.mutable_data_ptr<float>() + first;
    cpu::add_layer_norm(part);
  });
  return result;
}

bool for_cuda(const torch::Tensor& x, const torch::Tensor& delta, const torch::Tensor& weight) {
  return has_cuda_kernels(x.device()) && in_bf16(x) && !torch::GradMode::is_enabled() &&
         x.scalar_type() == torch::kFloat32 && weight.scalar_type() == torch::kFloat32 &&
         (!delta.defined() || (delta.scalar_type() == torch::kBFloat16 && delta.sizes() == x.sizes())) &&
         cuda::takes_add_layer_norm(x.size(-1));
}

Normed add_layer_norm_cuda(const torch::Tensor& x, const torch::Tensor& delta, torch::nn::LayerNormImpl& norm) {
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

Normed add_layer_norm_plain(const torch::Tensor& x, const torch::Tensor& delta, torch::nn::LayerNormImpl& norm) {
  const auto sum = delta.defined() ? x + delta : x;
  return {sum, to_autocast_type(norm.forward(sum))};
}

Normed add_layer_norm(const torch::Tensor& x, const torch::Tensor& delta, torch::nn::LayerNormImpl& norm) {
  if (for_cpu(x, delta, norm.weight)) return add_layer_norm_cpu(x, delta, norm);
  if (for_cuda(x, delta, norm.weight)) return add_layer_norm_cuda(x, delta, norm);
  return add_layer_norm_plain(x, delta, norm);
}

}  // namespace hqsam
