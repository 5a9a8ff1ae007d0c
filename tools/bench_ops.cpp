// SPDX-License-Identifier: Apache-2.0
#include "bench_ops.h"

#include "hqsam/core/error.h"
#include "hqsam/ops/add_layer_norm.h"
#include "hqsam/ops/autocast.h"
#include "hqsam/ops/rel_pos_attention.h"

namespace hqsam {
namespace {

constexpr const char *kAttention = "rel_pos_attention", *kNorm = "add_layer_norm";

double difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a.to(torch::kFloat) - b.to(torch::kFloat)).abs().max().item<double>();
}

OpTime time_attention(const ImageEncoderVitOptions& vit, int64_t window, torch::Device device,
                      const BenchOptions& options) {
  const int64_t grid = vit.grid(), width = vit.embed_dim;
  const auto noise = [&](at::IntArrayRef sizes) { return torch::randn(sizes).to(device); };
  const RelPosAttentionInput input{
      .qkv = noise({1, grid, grid, 3 * width}).to(options.bf16 ? torch::kBFloat16 : torch::kFloat32),
      .padding = noise({3 * width}),
      .rel_pos_h = 0.1 * noise({2 * window - 1, width / vit.num_heads}),  // logits as small as a trained model's
      .rel_pos_w = 0.1 * noise({2 * window - 1, width / vit.num_heads}),
      .heads = vit.num_heads,
      .window = window};
  const std::string name = fmt::format("{} {}x{}, window {}", kAttention, grid, grid, window);
  return {time_stage(name, options, [&] { rel_pos_attention(input); }),
          time_stage(name + " plain", options, [&] { rel_pos_attention_plain(input); }),
          difference(rel_pos_attention(input), rel_pos_attention_plain(input))};
}

OpTime time_norm(const ImageEncoderVitOptions& vit, torch::Device device, const BenchOptions& options) {
  const int64_t tokens = vit.grid() * vit.grid(), width = vit.embed_dim;
  const auto x = torch::randn({1, tokens, width}).to(device);
  const auto delta = torch::randn_like(x).to(options.bf16 ? torch::kBFloat16 : torch::kFloat32);
  torch::nn::LayerNorm norm(torch::nn::LayerNormOptions({width}).eps(vit.layer_norm_eps));
  norm->to(device);
  const auto plain = [&] { return add_layer_norm_plain(x, delta, *norm); };
  const std::string name = fmt::format("{} {}x{}", kNorm, tokens, width);
  OpTime time{time_stage(name, options, [&] { add_layer_norm(x, delta, *norm); }),
              time_stage(name + " plain", options, plain)};
  const Normed a = add_layer_norm(x, delta, *norm), b = plain();
  time.difference = std::max(difference(a.sum, b.sum), difference(a.normed, b.normed));
  return time;
}

}  // namespace

std::vector<std::string> op_names() { return {kAttention, kNorm}; }

std::vector<OpTime> time_op(const std::string& op, const SamHqOptions& architecture, torch::Device device,
                            const BenchOptions& options) {
  const auto* vit = std::get_if<ImageEncoderVitOptions>(&architecture.image_encoder);
  if (vit == nullptr) {
    fail("bench", "--stage op:{}: {}'s encoder has no such operation; take a ViT, such as --variant vit_b", op,
         variant_name(architecture));
  }
  const torch::NoGradGuard no_grad;
  const Bf16Scope autocast(device.type(), options.bf16);
  torch::manual_seed(42);
  if (op == kNorm) return {time_norm(*vit, device, options)};
  return {time_attention(*vit, vit->window_size, device, options), time_attention(*vit, vit->grid(), device, options)};
}

}  // namespace hqsam
