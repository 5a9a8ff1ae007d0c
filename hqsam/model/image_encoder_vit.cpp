// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/image_encoder_vit.h"

#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/model/autocast.h"
#include "hqsam/model/layers.h"
#include "hqsam/model/lora.h"
#include "hqsam/model/windows.h"

namespace hqsam {
namespace {

// Multi-head attention over a grid of tokens, with decomposed relative positions.
class ViTAttentionImpl : public torch::nn::Module {
 public:
  ViTAttentionImpl(int64_t dim, int64_t num_heads, int64_t grid)
      : num_heads_(num_heads),
        qkv_(register_module("qkv", LoraLinear(dim, 3 * dim))),
        proj_(register_module("proj", torch::nn::Linear(dim, dim))),
        rel_pos_h_(register_parameter("rel_pos_h", torch::zeros({2 * grid - 1, dim / num_heads}))),
        rel_pos_w_(register_parameter("rel_pos_w", torch::zeros({2 * grid - 1, dim / num_heads}))) {}

  // x [B,H,W,C] -> [B,H,W,C]
  torch::Tensor forward(const torch::Tensor& x) {
    const int64_t batch = x.size(0), height = x.size(1), width = x.size(2), tokens = height * width;
    const auto qkv = qkv_(x).view({batch, tokens, 3, num_heads_, -1}).permute({2, 0, 3, 1, 4});
    const auto q = qkv[0], k = qkv[1], v = qkv[2];  // [B, heads, HW, C/heads]
    // As many images (or windows) at a time as keep the bias, by far the largest tensor here, within bounds.
    const int64_t at_once = std::max<int64_t>(1, kMostBias / (num_heads_ * tokens * tokens));
    std::vector<torch::Tensor> attended;
    for (int64_t begin = 0; begin < batch; begin += at_once) {
      const int64_t count = std::min(at_once, batch - begin);
      const auto part = [&](const torch::Tensor& of_all) { return of_all.narrow(0, begin, count); };
      attended.push_back(torch::scaled_dot_product_attention(part(q), part(k), part(v),
                                                             relative_bias(part(q), height, width)));
    }
    const auto joined = attended.size() == 1 ? attended.front() : torch::cat(attended);
    return proj_(joined.transpose(1, 2).reshape({batch, height, width, -1}));
  }

 private:
  static constexpr int64_t kMostBias = int64_t{1} << 28;  // numbers: ViT-L's 16 heads of 4096 x 4096

  // q [B,heads,HW,C] -> what is added to the attention logits, [B,heads,HW,HW]
  torch::Tensor relative_bias(const torch::Tensor& q, int64_t height, int64_t width) const {
    const int64_t batch = q.size(0);
    const auto grid = q.reshape({batch * num_heads_, height, width, -1});
    const auto table_h = get_rel_pos(height, height, rel_pos_h_).to(q.dtype());
    const auto table_w = get_rel_pos(width, width, rel_pos_w_).to(q.dtype());
    const auto rel_h = torch::matmul(grid, table_h.transpose(1, 2));                                  // [.,h,w,kh]
    const auto rel_w = torch::matmul(grid.transpose(1, 2), table_w.transpose(1, 2)).transpose(1, 2);  // [.,h,w,kw]
    return (rel_h.unsqueeze(-1) + rel_w.unsqueeze(-2)).view({batch, num_heads_, height * width, height * width});
  }

  int64_t num_heads_;
  LoraLinear qkv_;
  torch::nn::Linear proj_;
  torch::Tensor rel_pos_h_, rel_pos_w_;  // [2*grid-1, C/heads]
};
TORCH_MODULE(ViTAttention);

class ViTBlockImpl : public torch::nn::Module {
 public:
  ViTBlockImpl(const ImageEncoderVitOptions& options, bool global)
      : window_(global ? 0 : options.window_size),
        norm1_(register_module("norm1", layer_norm(options))),
        norm2_(register_module("norm2", layer_norm(options))),
        attn_(register_module(
            "attn", ViTAttention(options.embed_dim, options.num_heads, global ? options.grid() : options.window_size))),
        mlp_(register_module("mlp", MlpBlock(options.embed_dim, options.mlp_dim, MlpBlockImpl::Activation::kGelu))) {}

  // x [B,H,W,C] -> [B,H,W,C]
  torch::Tensor forward(const torch::Tensor& x) {
    auto attended = to_autocast_type(norm1_(x));
    attended = global() ? attn_(attended)
                        : window_unpartition(attn_(window_partition(attended, window_)), window_, x.size(1), x.size(2));
    const auto sum = x + attended;
    return sum + mlp_(norm2_(sum));
  }
  bool global() const { return window_ == 0; }

 private:
  static torch::nn::LayerNorm layer_norm(const ImageEncoderVitOptions& options) {
    return torch::nn::LayerNorm(torch::nn::LayerNormOptions({options.embed_dim}).eps(options.layer_norm_eps));
  }
  int64_t window_;
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

void ImageEncoderVitOptions::validate() const {
  const auto require = [](bool good, const char* field, const char* rule) {
    if (!good) fail("ImageEncoderVitOptions", "{} {}", field, rule);
  };
  require(patch_size > 0, "patch_size", "must be positive");
  require(image_size > 0 && image_size % patch_size == 0, "image_size", "must be a positive multiple of patch_size");
  require(depth > 0, "depth", "must be positive");
  require(num_heads > 0 && embed_dim > 0 && embed_dim % num_heads == 0, "embed_dim",
          "must be a positive multiple of num_heads");
  require(mlp_dim > 0, "mlp_dim", "must be positive");
  require(out_chans > 0, "out_chans", "must be positive");
  require(window_size > 0, "window_size", "must be positive");
  require(layer_norm_eps > 0 && layer_norm_eps < 1, "layer_norm_eps", "must lie between 0 and 1");
  require(!global_attn_indexes.empty(), "global_attn_indexes",
          "must name a block: HQ-SAM takes its early feature from the first");
  for (int64_t index : global_attn_indexes) {
    require(index >= 0 && index < depth, "global_attn_indexes", "must lie in [0, depth)");
  }
}

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

ImageFeatures ImageEncoderVitImpl::forward(const torch::Tensor& image) {
  const int64_t side = options_.image_size;
  if (image.dim() != 4 || image.size(1) != 3 || image.size(2) != side || image.size(3) != side) {
    fail("ImageEncoderVit", "expected an image [B,3,{},{}], got {}", side, side, fmt::join(image.sizes(), "x"));
  }
  ImageFeatures features;
  auto x = patch_embed_(image).permute({0, 2, 3, 1}) + pos_embed_;
  for (const auto& module : *blocks_) {
    auto* block = module->as<ViTBlockImpl>();
    x = block->forward(x);
    if (block->global()) features.interm_embeddings.push_back(x);
  }
  features.image_embeddings = neck_->forward(x.permute({0, 3, 1, 2}));
  return features;
}

torch::Tensor resize_rel_pos(const torch::Tensor& table, int64_t length) {
  if (table.size(0) == length) return table;
  return torch::upsample_linear1d(table.t().unsqueeze(0), {length}, /*align_corners=*/false).squeeze(0).t();
}

torch::Tensor get_rel_pos(int64_t q_size, int64_t k_size, const torch::Tensor& table) {
  const auto rows = resize_rel_pos(table, 2 * std::max(q_size, k_size) - 1);
  // Coordinates of the shorter side are stretched to the longer one.
  const double q_scale = std::max(static_cast<double>(k_size) / static_cast<double>(q_size), 1.0);
  const double k_scale = std::max(static_cast<double>(q_size) / static_cast<double>(k_size), 1.0);
  const auto real = table.options().dtype(torch::kFloat32).requires_grad(false);
  const auto q = torch::arange(q_size, real).unsqueeze(1) * q_scale;
  const auto k = torch::arange(k_size, real).unsqueeze(0) * k_scale;
  const auto relative = (q - k) + static_cast<double>(k_size - 1) * k_scale;
  return rows.index({relative.to(torch::kLong)});
}

}  // namespace hqsam
