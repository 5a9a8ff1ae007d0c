// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/tiny_vit.h"

#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/model/layers.h"
#include "hqsam/ops/attention.h"
#include "hqsam/ops/inverted_bottleneck.h"
#include "hqsam/ops/windows.h"

namespace hqsam {
namespace {

torch::Tensor channels_first(const torch::Tensor& x) { return x.permute({0, 3, 1, 2}); }
torch::Tensor channels_last(const torch::Tensor& x) { return x.permute({0, 2, 3, 1}); }

int64_t scaled(int64_t channels, double ratio) { return static_cast<int64_t>(static_cast<double>(channels) * ratio); }

struct ConvBnOptions {
  int64_t in, out;
  int64_t kernel = 1, stride = 1, groups = 1;
  double norm_weight = 1;
};

// Convolution without bias, then batch norm with fixed statistics. [B,C,H,W]
class ConvBnImpl : public torch::nn::Module {
 public:
  explicit ConvBnImpl(const ConvBnOptions& options)
      : conv_(register_module("c", torch::nn::Conv2d(torch::nn::Conv2dOptions(options.in, options.out, options.kernel)
                                                         .stride(options.stride)
                                                         .padding(options.kernel / 2)
                                                         .groups(options.groups)
                                                         .bias(false)))),
        norm_(register_module("bn", torch::nn::BatchNorm2d(options.out))) {
    torch::NoGradGuard no_grad;
    norm_->weight.fill_(options.norm_weight);
  }
  torch::Tensor forward(const torch::Tensor& x) {
    if (x.device().is_cpu() && !torch::GradMode::is_enabled()) {
      const auto [weight, bias] = folded();
      return torch::conv2d(x, weight, bias, conv_->options.stride(), conv_->weight.size(2) / 2, 1,
                           conv_->options.groups());
    }
    return torch::batch_norm(conv_(x), norm_->weight, norm_->bias, norm_->running_mean, norm_->running_var,
                             /*training=*/false, /*momentum=*/0, norm_->options.eps(),
                             at::globalContext().userEnabledCuDNN());
  }
  // Of a depthwise convolution, [B,H,W,C].
  torch::Tensor forward_last(const torch::Tensor& x) {
    return takes_depthwise(x) ? depthwise3x3(x, folded()) : channels_last(forward(channels_first(x)));
  }
  FoldedConv folded() const {
    const auto scale = norm_->weight / torch::sqrt(norm_->running_var + norm_->options.eps());
    return {conv_->weight * scale.view({-1, 1, 1, 1}), norm_->bias - norm_->running_mean * scale};
  }

 private:
  torch::nn::Conv2d conv_;
  torch::nn::BatchNorm2d norm_;
};
TORCH_MODULE(ConvBn);

// Three convolutions with GELU between them, the second one depthwise. [B,H,W,C]
class ConvTripleImpl : public torch::nn::Module {
 public:
  ConvTripleImpl(int64_t in, int64_t hidden, int64_t out, int64_t stride, double last_norm_weight)
      : conv1_(register_module("conv1", ConvBn(ConvBnOptions{.in = in, .out = hidden}))),
        conv2_(register_module(
            "conv2",
            ConvBn(ConvBnOptions{.in = hidden, .out = hidden, .kernel = 3, .stride = stride, .groups = hidden}))),
        conv3_(
            register_module("conv3", ConvBn(ConvBnOptions{.in = hidden, .out = out, .norm_weight = last_norm_weight}))),
        stride_(stride) {}

 protected:
  // With residual: GELU(x + what they give).
  torch::Tensor convolve(const torch::Tensor& x, bool residual) {
    if (!torch::GradMode::is_enabled()) {
      const Bottleneck folded{conv1_->folded(), conv2_->folded(), conv3_->folded(), stride_, residual};
      if (takes_bottleneck(x, folded)) return inverted_bottleneck(x, folded);
    }
    const auto y = channels_last(conv3_(torch::gelu(conv2_(torch::gelu(conv1_(channels_first(x)))))));
    return residual ? torch::gelu(x + y) : y;
  }

 private:
  ConvBn conv1_, conv2_, conv3_;
  int64_t stride_;
};

// A block of stage 0: MobileNet's inverted bottleneck. [B,H,W,C] -> the same.
class MbConvImpl : public ConvTripleImpl {
 public:
  MbConvImpl(int64_t dim, int64_t hidden) : ConvTripleImpl(dim, hidden, dim, 1, /*last_norm_weight=*/0) {}
  torch::Tensor forward(const torch::Tensor& x) { return convolve(x, /*residual=*/true); }
};
TORCH_MODULE(MbConv);

// [B,H,W,in] -> [B,H/2,W/2,out], or [B,H,W,out]
class PatchMergingImpl : public ConvTripleImpl {
 public:
  PatchMergingImpl(int64_t in, int64_t out)
      : ConvTripleImpl(in, out, out, TinyVitOptions::keeps_resolution(out) ? 1 : 2, 1) {}
  torch::Tensor forward(const torch::Tensor& x) { return convolve(x, /*residual=*/false); }
};
TORCH_MODULE(PatchMerging);

// Multi-head attention inside a window, with one learned bias per head and distance (|dy|, |dx|).
class WindowAttentionImpl : public torch::nn::Module {
 public:
  WindowAttentionImpl(int64_t dim, int64_t num_heads, int64_t window)
      : num_heads_(num_heads),
        window_(window),
        biases_(register_parameter("attention_biases", torch::zeros({num_heads, window * window}))),
        norm_(register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({dim})))),
        qkv_(register_module("qkv", Linear(dim, 3 * dim))),
        proj_(register_module("proj", Linear(dim, dim))) {}

  // x [N,window,window,C] -> the same
  torch::Tensor forward(const torch::Tensor& x) {
    const int64_t tokens = window_ * window_;
    const auto qkv =
        qkv_->forward_packed(norm_(x)).view({x.size(0), tokens, num_heads_, -1}).transpose(1, 2).chunk(3, -1);
    const auto bias = pairwise_bias(biases_, window_).to(qkv[0].dtype());
    const auto attended = attention(qkv[0], qkv[1], qkv[2], bias);
    return proj_->forward_packed(attended.transpose(1, 2).reshape_as(x));
  }

 private:
  int64_t num_heads_, window_;
  torch::Tensor biases_;  // [heads, window * window]
  torch::nn::LayerNorm norm_;
  Linear qkv_, proj_;
};
TORCH_MODULE(WindowAttention);

// Layer norm, then two linear layers with GELU between them.
class NormMlpImpl : public torch::nn::Module {
 public:
  NormMlpImpl(int64_t dim, int64_t hidden)
      : norm_(register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({dim})))),
        fc1_(register_module("fc1", Linear(dim, hidden))),
        fc2_(register_module("fc2", Linear(hidden, dim))) {}
  torch::Tensor forward(const torch::Tensor& x) {
    return fc2_->forward_packed(fc1_->forward_packed(norm_(x), Activation::kGelu));
  }

 private:
  torch::nn::LayerNorm norm_;
  Linear fc1_, fc2_;
};
TORCH_MODULE(NormMlp);

// A block of stages 1 to 3: attention in windows, a depthwise convolution across them, an MLP. [B,H,W,C] -> the same.
class TinyVitBlockImpl : public torch::nn::Module {
 public:
  TinyVitBlockImpl(int64_t dim, int64_t num_heads, int64_t window, int64_t mlp_dim)
      : window_(window),
        attn_(register_module("attn", WindowAttention(dim, num_heads, window))),
        mlp_(register_module("mlp", NormMlp(dim, mlp_dim))),
        local_conv_(
            register_module("local_conv", ConvBn(ConvBnOptions{.in = dim, .out = dim, .kernel = 3, .groups = dim}))) {}
  torch::Tensor forward(const torch::Tensor& x) {
    // The padding of windows at the edge is not masked: it attends as zeros, as in the reference.
    const auto attended = window_unpartition(attn_(window_partition(x, window_)), window_, x.size(1), x.size(2));
    const auto mixed = local_conv_->forward_last(x + attended);
    return mixed + mlp_(mixed);
  }

 private:
  int64_t window_;
  WindowAttention attn_;
  NormMlp mlp_;
  ConvBn local_conv_;
};
TORCH_MODULE(TinyVitBlock);

// Blocks, then the merging into the next stage's width; the last stage has none.
class TinyVitStageImpl : public torch::nn::Module {
 public:
  TinyVitStageImpl(const TinyVitOptions& options, size_t stage) {
    const int64_t dim = options.embed_dims[stage];
    register_module("blocks", blocks_);
    for (int64_t i = 0; i < options.depths[stage]; ++i) {
      if (stage == 0) {
        blocks_->push_back(MbConv(dim, scaled(dim, options.expand_ratio)));
      } else {
        blocks_->push_back(
            TinyVitBlock(dim, options.num_heads[stage], options.window_sizes[stage], scaled(dim, options.mlp_ratio)));
      }
    }
    if (stage + 1 < options.embed_dims.size()) {
      downsample_ = register_module("downsample", PatchMerging(dim, options.embed_dims[stage + 1]));
    }
  }
  torch::Tensor forward(const torch::Tensor& x) {
    const auto y = blocks_->forward(x);
    return downsample_.is_empty() ? y : downsample_(y);
  }

 private:
  torch::nn::Sequential blocks_;
  PatchMerging downsample_ = nullptr;
};
TORCH_MODULE(TinyVitStage);

// Exists only to register the keys "patch_embed.seq".
class PatchEmbedImpl : public torch::nn::Module {
 public:
  explicit PatchEmbedImpl(torch::nn::Sequential seq) { register_module("seq", seq); }
};

}  // namespace

torch::Tensor pairwise_bias(const torch::Tensor& biases, int64_t window) {
  const auto side = torch::arange(window, biases.options().dtype(torch::kLong).requires_grad(false));
  const auto apart = (side.unsqueeze(1) - side.unsqueeze(0)).abs();
  const auto dy = apart.view({window, 1, window, 1}), dx = apart.view({1, window, 1, window});
  const int64_t tokens = window * window;
  return biases.index_select(1, (dy * window + dx).flatten()).view({1, biases.size(0), tokens, tokens});
}

TinyVitImpl::TinyVitImpl(TinyVitOptions options) : options_(options) {
  options_.validate();
  const int64_t first = options_.embed_dims.front(), last = options_.embed_dims.back(), out = options_.out_chans;
  patch_embed_->push_back(ConvBn(ConvBnOptions{.in = 3, .out = first / 2, .kernel = 3, .stride = 2}));
  patch_embed_->push_back(torch::nn::GELU());
  patch_embed_->push_back(ConvBn(ConvBnOptions{.in = first / 2, .out = first, .kernel = 3, .stride = 2}));
  register_module("patch_embed", std::make_shared<PatchEmbedImpl>(patch_embed_));
  register_module("layers", layers_);
  for (size_t stage = 0; stage < options_.embed_dims.size(); ++stage) layers_->push_back(TinyVitStage(options_, stage));
  if (options_.num_classes > 0) {
    register_module("norm_head", torch::nn::LayerNorm(torch::nn::LayerNormOptions({last})));
    register_module("head", Linear(last, options_.num_classes));
  }
  neck_->push_back(torch::nn::Conv2d(torch::nn::Conv2dOptions(last, out, 1).bias(false)));
  neck_->push_back(LayerNorm2d(out));
  neck_->push_back(torch::nn::Conv2d(torch::nn::Conv2dOptions(out, out, 3).padding(1).bias(false)));
  neck_->push_back(LayerNorm2d(out));
  register_module("neck", neck_);
}

ImageFeatures TinyVitImpl::forward(const torch::Tensor& image) {
  const int64_t side = options_.image_size;
  if (image.dim() != 4 || image.size(1) != 3 || image.size(2) != side || image.size(3) != side) {
    fail("TinyVit", "expected an image [B,3,{},{}], got {}", side, side, fmt::join(image.sizes(), "x"));
  }
  ImageFeatures features;
  auto x = channels_last(patch_embed_->forward(image));
  for (size_t stage = 0; stage < layers_->size(); ++stage) {
    x = layers_->at<TinyVitStageImpl>(stage).forward(x);
    if (stage == 1) features.interm_embeddings.push_back(x);
  }
  features.image_embeddings = neck_->forward(channels_first(x));
  return features;
}

}  // namespace hqsam
