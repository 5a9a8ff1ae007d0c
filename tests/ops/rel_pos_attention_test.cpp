// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/rel_pos_attention.h"

#include "devices.h"
#include "golden.h"
#include "hqsam/ops/rel_pos_attention_cpu.h"

namespace hqsam {
using namespace testing_support;

namespace {

struct Case {
  int64_t grid, window, heads, head_dim;
  std::string name() const {
    return fmt::format("{0}x{0}, windows of {1}, {2} heads of {3}", grid, window, heads, head_dim);
  }
};

RelPosAttentionInput random_input(const Case& c, int64_t batch = 2) {
  torch::manual_seed(5);
  const int64_t channels = c.heads * c.head_dim;
  return {.qkv = torch::randn({batch, c.grid, c.grid, 3 * channels}),
          .padding = torch::randn({3 * channels}),
          .rel_pos_h = torch::randn({2 * c.window - 1, c.head_dim}) * 0.1,
          .rel_pos_w = torch::randn({2 * c.window - 1, c.head_dim}) * 0.1,
          .heads = c.heads,
          .window = c.window};
}

RelPosAttentionInput to(RelPosAttentionInput input, torch::Device device, torch::ScalarType type) {
  for (auto* tensor : {&input.qkv, &input.padding, &input.rel_pos_h, &input.rel_pos_w}) {
    *tensor = tensor->to(device, type);
  }
  return input;
}

}  // namespace

TEST(RelPos, MatchesReferenceAlsoInterpolated) {
  const TensorMap map = golden("rel_pos.safetensors");
  int cases = 0;
  for (const auto& [name, expected] : map.tensors) {  // "rel_pos.q7_k14..." is [7,14,C]
    if (!name.starts_with("rel_pos.")) continue;
    expect_close(get_rel_pos(expected.size(0), expected.size(1), map.at("table")), expected, 2e-6, name);
    ++cases;
  }
  EXPECT_GE(cases, 3);
}

// Written out for one query, in float64.
TEST(RelPosAttention, IsSoftmaxOverTheWindowWithPaddingInIt) {
  const Case c{.grid = 5, .window = 3, .heads = 2, .head_dim = 4};
  const RelPosAttentionInput input = to(random_input(c, 1), torch::kCPU, torch::kFloat64);
  const auto result = rel_pos_attention(input);
  const int64_t y = 4, x = 1, head = 1;  // in the lower left window, whose last row is beyond the picture
  const auto part = [&](int64_t row, int64_t column, int64_t which) {
    const auto token = row < c.grid && column < c.grid ? input.qkv[0][row][column] : input.padding;
    return token.view({3, c.heads, c.head_dim})[which][head];
  };
  std::vector<torch::Tensor> logits, values;
  for (int64_t row = 3; row < 6; ++row) {
    for (int64_t column = 0; column < 3; ++column) {
      const auto q = part(y, x, 0);
      logits.push_back(q.dot(part(row, column, 1)) / 2 + q.dot(input.rel_pos_h[y - row + c.window - 1]) +
                       q.dot(input.rel_pos_w[x - column + c.window - 1]));
      values.push_back(part(row, column, 2));
    }
  }
  const auto expected = torch::matmul(torch::stack(logits).softmax(0), torch::stack(values));
  expect_close(result[0][y][x].view({c.heads, c.head_dim})[head], expected, 1e-12);
}

class RelPosAttentionOn : public OverDevices {};
OVER_DEVICES(RelPosAttentionOn);

// bfloat16 rounds a number by 2^-9 of itself; the results are means of values with rounded weights.
TEST_P(RelPosAttentionOn, MatchesThePlainOneInBf16) {
  const torch::NoGradGuard no_grad;
  for (const Case& c : {Case{64, 14, 2, 64},
                        {64, 64, 2, 64},
                        {64, 14, 2, 80},
                        {64, 64, 1, 80},
                        {32, 32, 2, 64},
                        {32, 14, 3, 64},
                        {40, 40, 1, 64},
                        {16, 16, 2, 64},
                        {10, 14, 1, 64},
                        {20, 7, 2, 80},
                        {16, 14, 2, 32}}) {
    const RelPosAttentionInput rough = to(random_input(c), GetParam(), torch::kBFloat16);
    const auto expected = rel_pos_attention_plain(to(rough, torch::kCPU, torch::kFloat32));
    const std::string name = c.name();
    if (GetParam().is_cuda()) {
      EXPECT_EQ(is_fused(rough), has_cuda_kernels(GetParam()) && c.head_dim != 32) << name;
    } else {
      EXPECT_EQ(is_fused(rough), takes_tiled_attention(rough)) << name;
    }
    // The plain one rounds its bias to bfloat16 too.
    expect_close(rel_pos_attention(rough), expected, is_fused(rough) ? 0.01 : 0.03, name);
  }
}

// Windows that reach beyond the picture, sides that fill no vector, tiles of keys that do not divide the side.
TEST(TiledAttention, MatchesThePlainOneInFp32) {
  const torch::NoGradGuard no_grad;
  for (const Case& c : {Case{64, 14, 2, 64},
                        {64, 64, 1, 80},
                        {40, 40, 1, 64},
                        {33, 33, 2, 32},
                        {10, 14, 1, 64},
                        {20, 7, 2, 16},
                        {5, 3, 1, 48},
                        {1, 1, 3, 16},
                        {17, 1, 1, 32}}) {
    const RelPosAttentionInput input = random_input(c);
    const std::string name = c.name();
    if (!takes_tiled_attention(input)) GTEST_SKIP() << "this CPU takes the plain road";
    expect_close(rel_pos_attention_tiled(input), rel_pos_attention_plain(input), 2e-6, name);
  }
}

TEST(TiledAttention, HoldsWhereLogitsAreLarge) {
  const torch::NoGradGuard no_grad;
  RelPosAttentionInput input = random_input({32, 32, 1, 64}, 1);
  if (!takes_tiled_attention(input)) GTEST_SKIP() << "this CPU takes the plain road";
  input.qkv = input.qkv * 30;  // logits of some thousands: one key has all the weight
  expect_close(rel_pos_attention_tiled(input), rel_pos_attention_plain(input), 1e-4);
}

TEST(TiledAttention, GivesTheSameBitsForAnyThreadsAndBatch) {
  const torch::NoGradGuard no_grad;
  const RelPosAttentionInput both = random_input({20, 14, 2, 64});
  if (!takes_tiled_attention(both)) GTEST_SKIP() << "this CPU takes the plain road";
  const auto expected = rel_pos_attention_tiled(both);
  RelPosAttentionInput second = both;
  second.qkv = both.qkv.slice(0, 1);
  EXPECT_TRUE(torch::equal(rel_pos_attention_tiled(second), expected.slice(0, 1)));
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  EXPECT_TRUE(torch::equal(rel_pos_attention_tiled(both), expected));
  at::set_num_threads(threads);
}

TEST_P(RelPosAttentionOn, TakesTablesOfAnotherLength) {
  const torch::NoGradGuard no_grad;
  RelPosAttentionInput input = to(random_input({16, 16, 2, 64}), GetParam(), torch::kBFloat16);
  input.rel_pos_h = input.rel_pos_h.slice(0, 0, 15);
  const auto expected = rel_pos_attention_plain(to(input, torch::kCPU, torch::kFloat32));
  expect_close(rel_pos_attention(input), expected, is_fused(input) ? 0.01 : 0.03);
}

TEST_P(RelPosAttentionOn, IsPlainWhereAGradientIsWanted) {
  RelPosAttentionInput input = to(random_input({16, 7, 2, 64}), GetParam(), torch::kBFloat16);
  EXPECT_FALSE(is_fused(input));
  for (auto* tensor : {&input.qkv, &input.rel_pos_h}) tensor->requires_grad_(true);
  rel_pos_attention(input).sum().backward();
  EXPECT_GT(input.rel_pos_h.grad().abs().max().item<double>(), 0);
}

}  // namespace hqsam
