// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/image_encoder_vit.h"

#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/model/layers.h"
#include "hqsam/model/lora.h"
#include "hqsam/ops/add_layer_norm.h"
#include "hqsam/ops/autocast.h"
#include "hqsam/ops/rel_pos_attention.h"

namespace hqsam {
namespace {

// Multi-head attention over a grid of tokens, whole or in windows, with decomposed relative positions.
class ViTAttentionImpl : public torch::nn::Module {
 public:
  // window: tokens a side; the grid's for global attention.
  ViTAttentionImpl(int64_t dim, int64_t num_heads, int64_t window)
      : num_heads_(num_heads),
        window_(window),
        qkv_(register_module("qkv", LoraLinear(dim, 3 * dim))),
        proj_(register_module("proj", Linear(dim, dim))),
        rel_pos_h_(register_parameter("rel_pos_h", torch::zeros({2 * window - 1, dim / num_heads}))),
        rel_pos_w_(register_parameter("rel_pos_w", torch::zeros({2 * window - 1, dim / num_heads}))) {}

  // x [B,grid*grid,C] -> the same. SAM pads windows with tokens of zeros; what qkv makes of those is its bias.
  torch::Tensor forward(const torch::Tensor& x, int64_t grid) {
    const auto qkv = qkv_(x).view({x.size(0), grid, grid, -1});
    const auto attended = rel_pos_attention({qkv, qkv_->bias, rel_pos_h_, rel_pos_w_, num_heads_, window_});
    return proj_->forward_packed(attended.reshape(x.sizes()));
  }

 private:
  int64_t num_heads_, window_;
  LoraLinear qkv_;
  Linear proj_;
  torch::Tensor rel_pos_h_, rel_pos_w_;  // [2*window-1, C/heads]
};
TORCH_MODULE(ViTAttention);

// Tokens [B,HW,C] on their way through the blocks, and what the last block adds to them and has not yet: the next norm
// does so in passing.
struct Tokens {
  torch::Tensor x, delta;  // delta may be undefined
  torch::Tensor settled() const { return delta.defined() ? x + delta : x; }
};

class ViTBlockImpl : public torch::nn::Module {
 public:
  ViTBlockImpl(const ImageEncoderVitOptions& options, bool global)
      : global_(global),
        norm1_(register_module("norm1", layer_norm(options))),
        norm2_(register_module("norm2", layer_norm(options))),
        attn_(register_module(
            "attn", ViTAttention(options.embed_dim, options.num_heads, global ? options.grid() : options.window_size))),
        mlp_(register_module("mlp", MlpBlock(options.embed_dim, options.mlp_dim, MlpBlockImpl::Kind::kEncoder))) {}

  Tokens forward(const Tokens& tokens, int64_t grid) {
    const Normed before = add_layer_norm(tokens.x, tokens.delta, *norm1_);
    const Normed between = add_layer_norm(before.sum, attn_(before.normed, grid), *norm2_);
    return {between.sum, mlp_(between.normed)};
  }
  bool global() const { return global_; }

 private:
  static torch::nn::LayerNorm layer_norm(const ImageEncoderVitOptions& options) {
    return torch::nn::LayerNorm(torch::nn::LayerNormOptions({options.embed_dim}).eps(options.layer_norm_eps));
  }
  bool global_;
  torch::nn::LayerNorm norm1_, norm2_;
  ViTAttention attn_;
  MlpBlock mlp_;
};

// Only a place for the key "patch_embed.proj".
class PatchEmbedImpl : public torch::nn::Module {
 public:
  explicit PatchEmbedImpl(torch::nn::Conv2d proj) { register_module("proj", proj); }
};

}  // namespace

ImageEncoderVitImpl::ImageEncoderVitImpl(ImageEncoderVitOptions options) : options_(std::move(options)) {
  options_.validate();
  const auto& global = options_.global_attn_indexes;
  patch_embed_ = torch::nn::Conv2d(
      torch::nn::Conv2dOptions(3, options_.embed_dim, options_.patch_size).stride(options_.patch_size));
  register_module("patch_embed", std::make_shared<PatchEmbedImpl>(patch_embed_));
  pos_embed_ = register_parameter("pos_embed", torch::zeros({1, options_.grid(), options_.grid(), options_.embed_dim}));
  register_module("blocks", blocks_);
  for (int64_t i = 0; i < options_.depth; ++i) {
    blocks_->push_back(
        std::make_shared<ViTBlockImpl>(options_, std::find(global.begin(), global.end(), i) != global.end()));
  }
  const int64_t out = options_.out_chans;
  neck_->push_back(torch::nn::Conv2d(torch::nn::Conv2dOptions(options_.embed_dim, out, 1).bias(false)));
  neck_->push_back(LayerNorm2d(out));
  neck_->push_back(torch::nn::Conv2d(torch::nn::Conv2dOptions(out, out, 3).padding(1).bias(false)));
  neck_->push_back(LayerNorm2d(out));
  register_module("neck", neck_);
}

// image [B,3,S,S] -> [B,HW,C]. Patches do not overlap, so the convolution is a product with each.
torch::Tensor ImageEncoderVitImpl::embed_patches(const torch::Tensor& image) {
  const int64_t batch = image.size(0), grid = options_.grid(), patch = options_.patch_size;
  const auto patches = to_autocast_type(image)
                           .reshape({batch, 3, grid, patch, grid, patch})
                           .permute({0, 2, 4, 1, 3, 5})
                           .reshape({batch, grid * grid, -1});
  return torch::linear(patches, patch_embed_->weight.flatten(1), patch_embed_->bias);
}

ImageFeatures ImageEncoderVitImpl::forward(const torch::Tensor& image) {
  const int64_t side = options_.image_size;
  if (image.dim() != 4 || image.size(1) != 3 || image.size(2) != side || image.size(3) != side) {
    fail("ImageEncoderVit", "expected an image [B,3,{},{}], got {}", side, side, fmt::join(image.sizes(), "x"));
  }
  ImageFeatures features;
  const int64_t batch = image.size(0), grid = options_.grid();
  const auto in_grid = [&](const torch::Tensor& tokens) { return tokens.view({batch, grid, grid, -1}); };
  Tokens tokens{embed_patches(image) + pos_embed_.flatten(1, 2), {}};
  for (const auto& module : *blocks_) {
    auto* block = module->as<ViTBlockImpl>();
    tokens = block->forward(tokens, grid);
    if (!block->global()) continue;
    tokens = {tokens.settled(), {}};
    features.interm_embeddings.push_back(in_grid(tokens.x));
  }
  features.image_embeddings = neck_->forward(in_grid(tokens.settled()).permute({0, 3, 1, 2}));
  return features;
}

}  // namespace hqsam
