// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/packed_linear.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include "hqsam/ops/autocast.h"
#include "hqsam/ops/cpu.h"

namespace hqsam {
namespace {

using Scalars = c10::List<std::optional<at::Scalar>>;
using PointwiseLinear = torch::Tensor(const torch::Tensor& x, const torch::Tensor& weight,
                                      const std::optional<torch::Tensor>& bias, std::string_view after, Scalars,
                                      std::optional<std::string_view> algorithm);
using ReorderWeight = torch::Tensor(const torch::Tensor& weight, std::optional<c10::SymInt> rows);

// libtorch has them for its own compiler (ATen/native/mkldnn/Linear.cpp), without a C++ declaration.
torch::Tensor pack(const torch::Tensor& weight, int64_t rows) {
  static const auto reorder =
      c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_reorder_linear_weight", "").typed<ReorderWeight>();
  return reorder.call(weight, c10::SymInt(rows));
}

torch::Tensor packed_linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                            Activation activation) {
  static const auto linear =
      c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_linear_pointwise", "").typed<PointwiseLinear>();
  if (activation == Activation::kGelu) return linear.call(x, weight, bias, "gelu", Scalars(), "none");
  return linear.call(x, weight, bias, "none", Scalars(), std::nullopt);
}

}  // namespace

torch::Tensor linear_plain(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                           Activation activation) {
  // Flat, so that the bias is added within the product: of more dimensions libtorch adds it in a pass of its own.
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = weight.size(0);
  const bool flat = x.dim() <= 3 || !x.is_contiguous();
  auto y = flat ? torch::linear(x, weight, bias) : torch::linear(x.flatten(0, -2), weight, bias).view(shape);
  return activation == Activation::kGelu ? torch::gelu(y) : y;
}

bool PackedWeight::serves(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias) {
  if (!x.device().is_cpu() || torch::GradMode::is_enabled() || weight.requires_grad()) return false;
  if (weight.is_inference() || !bias.defined() || bias.is_inference()) return false;
  const auto type = type_of_products(x);
  return (weight.scalar_type() == torch::kFloat || weight.scalar_type() == type) && has_cpu_kernels(type);
}

PackedWeight::Packed PackedWeight::packed_for(const torch::Tensor& weight, const torch::Tensor& bias,
                                              torch::ScalarType type, int64_t rows) {
  const std::lock_guard lock(mutex_);
  const bool known = of_.weight.defined() && of_.weight.const_data_ptr() == weight.const_data_ptr() &&
                     of_.bias.const_data_ptr() == bias.const_data_ptr() && weight_version_ == weight._version() &&
                     bias_version_ == bias._version() && packed_.bias.scalar_type() == type;
  if (!known) {
    packed_ = {pack(weight.detach().to(type).contiguous(), rows), bias.detach().to(type, false, /*copy=*/true)};
    of_ = {weight.detach(), bias.detach()};
    weight_version_ = weight._version();
    bias_version_ = bias._version();
  }
  return packed_;
}

torch::Tensor PackedWeight::linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                                   Activation activation) {
  if (!serves(x, weight, bias)) return linear_plain(x, weight, bias, activation);
  const auto type = type_of_products(x);
  const Packed packed = packed_for(weight, bias, type, x.numel() / x.size(-1));
  return packed_linear(x.to(type), packed.weight, packed.bias, activation);
}

}  // namespace hqsam
