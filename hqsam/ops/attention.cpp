// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/attention.h"

#include "hqsam/ops/autocast.h"
#include "hqsam/ops/cpu.h"

namespace hqsam {

torch::Tensor attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                        const std::optional<torch::Tensor>& bias) {
  const bool fails =
      q.device().is_cpu() && q.scalar_type() == torch::kBFloat16 && has_bf16_products() && !has_cpu_kernels();
  if (!fails) return torch::scaled_dot_product_attention(q, k, v, bias);
  const Fp32Scope exact(at::DeviceType::CPU);
  const auto wide = [](const torch::Tensor& x) { return x.to(torch::kFloat); };
  const auto wide_bias = bias ? std::make_optional(wide(*bias)) : bias;
  return torch::scaled_dot_product_attention(wide(q), wide(k), wide(v), wide_bias).to(torch::kBFloat16);
}

}  // namespace hqsam
