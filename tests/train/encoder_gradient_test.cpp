// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "hqsam/model/image_encoder_vit.h"

namespace hqsam {
namespace {

// The bias of the attention logits comes from trained tables, which takes another kernel than inference.
class EncoderGradient : public ::testing::Test {
 protected:
  void SetUp() override {
    torch::manual_seed(5);
    ImageEncoderVitOptions options;
    options.image_size = 48;
    options.embed_dim = 16;
    options.depth = 2;
    options.num_heads = 2;
    options.mlp_dim = 32;
    options.out_chans = 8;
    options.window_size = 2;  // 3x3 tokens: padded windows too
    options.global_attn_indexes = {1};
    encoder_ = ImageEncoderVit(options);
    encoder_->to(torch::kFloat64);
    const torch::NoGradGuard no_grad;
    for (auto& parameter : encoder_->parameters()) parameter.add_(0.3 * torch::randn_like(parameter));
    image_ = torch::randn({2, 3, 48, 48}, torch::kFloat64);
    weights_ = torch::randn({2, 8, 3, 3}, torch::kFloat64);
    early_weights_ = torch::randn({2, 3, 3, 16}, torch::kFloat64);
  }

  torch::Tensor loss() {
    const ImageFeatures features = encoder_->forward(image_);
    return (features.image_embeddings * weights_).sum() + (features.interm_embeddings[0] * early_weights_).sum();
  }

  ImageEncoderVit encoder_ = nullptr;
  torch::Tensor image_, weights_, early_weights_;
};

TEST_F(EncoderGradient, AgreesWithFiniteDifferences) {
  loss().backward();
  constexpr double kStep = 1e-5;
  for (const auto& item : encoder_->named_parameters()) {
    const auto gradient = item.value().grad();
    ASSERT_TRUE(gradient.defined()) << item.key();
    EXPECT_GT(gradient.abs().max().item<double>(), 0) << item.key();
    const torch::NoGradGuard no_grad;
    const auto values = item.value().detach().view(-1);
    for (int64_t i = 0; i < values.numel(); i += std::max<int64_t>(1, values.numel() / 3)) {
      const double value = values[i].item<double>();
      values[i] = value + kStep;
      const double above = loss().item<double>();
      values[i] = value - kStep;
      const double below = loss().item<double>();
      values[i] = value;
      const double expected = (above - below) / (2 * kStep);
      EXPECT_NEAR(gradient.view(-1)[i].item<double>(), expected, 1e-6 * std::max(1.0, std::abs(expected)))
          << item.key() << " " << i;
    }
  }
}

TEST_F(EncoderGradient, IsTheSameInFloat32) {
  loss().backward();
  std::map<std::string, torch::Tensor> exact;
  for (const auto& item : encoder_->named_parameters()) exact[item.key()] = item.value().grad().clone();
  encoder_->zero_grad();
  encoder_->to(torch::kFloat32);
  for (torch::Tensor* tensor : {&image_, &weights_, &early_weights_}) *tensor = tensor->to(torch::kFloat32);
  loss().backward();
  for (const auto& item : encoder_->named_parameters()) {
    const auto& expected = exact.at(item.key());
    const auto difference = (item.value().grad() - expected).abs().max().item<double>();
    EXPECT_LT(difference, 1e-4 * expected.abs().max().item<double>() + 1e-6) << item.key();
  }
}

TEST_F(EncoderGradient, ForwardWithoutGradientsGivesTheSameValues) {
  const auto with = loss().item<double>();
  const torch::NoGradGuard no_grad;
  EXPECT_NEAR(loss().item<double>(), with, 1e-9 * std::abs(with));
}

}  // namespace
}  // namespace hqsam
