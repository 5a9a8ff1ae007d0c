// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/packed_linear.h"

#include "golden.h"
#include "hqsam/ops/autocast.h"

namespace hqsam {
using namespace testing_support;

namespace {

struct Layer {
  torch::Tensor x, weight, bias;
  bool packs() const { return PackedWeight::serves(x, weight, bias); }
};

Layer random_layer(std::vector<int64_t> shape, int64_t out) {
  torch::manual_seed(3);
  const int64_t in = shape.back();
  return {torch::randn(shape), torch::randn({out, in}) / std::sqrt(static_cast<double>(in)), torch::randn({out})};
}

}  // namespace

TEST(PackedLinear, MatchesThePlainOne) {
  const torch::NoGradGuard no_grad;
  const std::vector<std::vector<int64_t>> shapes = {{1, 4096, 96}, {2, 3, 5, 64}, {7, 33}, {1, 1, 16}};
  for (const auto& shape : shapes) {
    for (const Activation activation : {Activation::kNone, Activation::kGelu}) {
      const Layer layer = random_layer(shape, 48);
      PackedWeight packed;
      const auto expected = linear_plain(layer.x, layer.weight, layer.bias, activation);
      expect_close(packed.linear(layer.x, layer.weight, layer.bias, activation), expected, 2e-6);
      const Bf16Scope bf16(torch::kCPU, true);
      const auto rough = packed.linear(layer.x, layer.weight, layer.bias, activation);
      EXPECT_EQ(rough.scalar_type(), torch::kBFloat16);
      expect_close(rough.to(torch::kFloat), expected, 0.02);
    }
  }
}

TEST(PackedLinear, FollowsAWeightThatChanges) {
  const torch::NoGradGuard no_grad;
  Layer layer = random_layer({1, 20, 32}, 16);
  PackedWeight packed;
  const auto matches = [&](const char* after) {
    const auto expected = linear_plain(layer.x, layer.weight, layer.bias, Activation::kNone);
    expect_close(packed.linear(layer.x, layer.weight, layer.bias, Activation::kNone), expected, 2e-6, after);
  };
  matches("first");
  layer.weight.mul_(2);
  matches("written to");
  layer.bias.add_(1);
  matches("another bias");
  layer.weight = torch::randn({16, 32});
  matches("another tensor");
  layer.weight.set_data(torch::randn({16, 32}));
  matches("other data");
}

TEST(PackedLinear, IsPlainWhereTheWeightTrains) {
  Layer layer = random_layer({1, 20, 32}, 16);
  EXPECT_FALSE(layer.packs());  // gradients are wanted
  const torch::NoGradGuard no_grad;
  layer.weight.requires_grad_(true);
  EXPECT_FALSE(layer.packs());
}

TEST(PackedLinear, GivesEachRowTheSameBitsInAnyBatch) {
  const torch::NoGradGuard no_grad;
  const Layer layer = random_layer({4, 256, 96}, 288);
  PackedWeight packed, other;
  const auto all = packed.linear(layer.x, layer.weight, layer.bias, Activation::kGelu);
  const auto one = layer.x.slice(0, 2, 3);
  EXPECT_TRUE(torch::equal(packed.linear(one, layer.weight, layer.bias, Activation::kGelu), all.slice(0, 2, 3)));
  EXPECT_TRUE(torch::equal(other.linear(one, layer.weight, layer.bias, Activation::kGelu), all.slice(0, 2, 3)));
}

}  // namespace hqsam
