// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/add_layer_norm.h"

#include "devices.h"
#include "golden.h"
#include "hqsam/ops/autocast.h"

namespace hqsam {
using namespace testing_support;

class AddLayerNormOn : public OverDevices {
 protected:
  static torch::nn::LayerNorm norm_of(int64_t channels) {
    torch::manual_seed(3);
    torch::nn::LayerNorm norm(torch::nn::LayerNormOptions({channels}).eps(1e-6));
    const torch::NoGradGuard no_grad;
    norm->weight.normal_(1, 0.3);
    norm->bias.normal_();
    norm->to(GetParam());
    return norm;
  }
};
OVER_DEVICES(AddLayerNormOn);

TEST_P(AddLayerNormOn, AddsInFp32AndNormalizesAlsoUnderAutocast) {
  const torch::NoGradGuard no_grad;
  for (const int64_t channels : {768, 1024, 1280, 96}) {
    for (const bool bf16 : {false, true}) {
      auto norm = norm_of(channels);
      const auto x = (torch::randn({2, 3, 5, channels}) * 4 + 1).to(GetParam());
      const auto delta = torch::randn({2, 3, 5, channels}).to(GetParam(), bf16 ? torch::kBFloat16 : torch::kFloat32);
      const auto sum = x.to(torch::kFloat64) + delta.to(torch::kFloat64);
      const auto normed_of = [&](const torch::Tensor& of) {
        return torch::layer_norm(of, {channels}, norm->weight.to(torch::kFloat64), norm->bias.to(torch::kFloat64),
                                 1e-6);
      };
      const Bf16Scope autocast(GetParam().type(), bf16);
      const Normed both = add_layer_norm(x, delta, *norm), alone = add_layer_norm(x, {}, *norm);
      const std::string name = fmt::format("{} channels, bf16 {}", channels, bf16);
      const double tolerance = bf16 ? 0.004 : 1e-6;
      EXPECT_EQ(both.normed.scalar_type(), bf16 ? torch::kBFloat16 : torch::kFloat32) << name;
      expect_close(both.sum, sum, 1e-6, name);
      expect_close(both.normed, normed_of(sum), tolerance, name);
      EXPECT_TRUE(alone.sum.is_same(x)) << name;
      expect_close(alone.normed, normed_of(x.to(torch::kFloat64)), tolerance, name);
    }
  }
}

TEST_P(AddLayerNormOn, HasGradients) {
  auto norm = norm_of(768);
  const auto x = torch::randn({4, 768}, torch::TensorOptions(GetParam()).requires_grad(true));
  const Bf16Scope autocast(GetParam().type(), true);
  add_layer_norm(x, torch::ones({4, 768}, GetParam()), *norm).normed.square().sum().backward();
  EXPECT_GT(x.grad().abs().max().item<double>(), 0);
  EXPECT_GT(norm->weight.grad().abs().max().item<double>(), 0);
}

}  // namespace hqsam
