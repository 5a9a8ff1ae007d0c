// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/mask_decoder.h"

#include <cmath>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

constexpr int64_t kMlpDepth = 3;       // hypernetworks and hf_mlp
constexpr int64_t kContextTokens = 3;  // Ke et al., table 2

torch::nn::ConvTranspose2d double_size(int64_t in, int64_t out) {
  return torch::nn::ConvTranspose2d(torch::nn::ConvTranspose2dOptions(in, out, 2).stride(2));
}

torch::nn::Conv2d conv3x3(int64_t in, int64_t out) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).padding(1));
}

// Upscaling by four: in -> middle -> out.
torch::nn::Sequential upscale4(int64_t in, int64_t middle, int64_t out) {
  return torch::nn::Sequential(double_size(in, middle), LayerNorm2d(middle), torch::nn::GELU(),
                               double_size(middle, out));
}

// Each row's weights [N,M,c] on its feature map [N,c,H,W] -> [N,M,H,W]
torch::Tensor dot_with_features(const torch::Tensor& weights, const torch::Tensor& features) {
  return torch::bmm(weights, features.flatten(2))
      .view({features.size(0), weights.size(1), features.size(2), features.size(3)});
}

}  // namespace

const std::vector<std::string>& MaskDecoderImpl::hq_module_names() {
  static const std::vector<std::string> names = {
      "hf_token", "hf_mlp", "compress_vit_feat", "embedding_encoder", "embedding_maskfeature", "context_tokens", "fpn"};
  return names;
}

MaskDecoderImpl::MaskDecoderImpl(MaskDecoderOptions options) : options_(options) {
  const int64_t dim = options_.transformer.embedding_dim;
  const int64_t slots = options_.num_multimask_outputs + 1;
  transformer_ = register_module("transformer", TwoWayTransformer(options_.transformer));
  iou_token_ = register_module("iou_token", torch::nn::Embedding(1, dim));
  mask_tokens_ = register_module("mask_tokens", torch::nn::Embedding(slots, dim));
  output_upscaling_ = upscale4(dim, dim / 4, dim / 8);
  output_upscaling_->push_back(torch::nn::GELU());
  register_module("output_upscaling", output_upscaling_);
  register_module("output_hypernetworks_mlps", output_hypernetworks_mlps_);
  for (int64_t i = 0; i < slots; ++i) output_hypernetworks_mlps_->push_back(Mlp(dim, dim, dim / 8, kMlpDepth));
  iou_prediction_head_ =
      register_module("iou_prediction_head", Mlp(dim, options_.iou_head_hidden_dim, slots, options_.iou_head_depth));
  if (has_hq()) register_hq_modules();
}

void MaskDecoderImpl::register_hq_modules() {
  const int64_t dim = options_.transformer.embedding_dim;
  const HqOptions& hq = options_.hq;
  if (hq.token == HqToken::kContext) {
    context_tokens_ = register_module("context_tokens", torch::nn::Embedding(kContextTokens, dim));
  } else {
    hf_token_ = register_module("hf_token", torch::nn::Embedding(1, dim));
    hf_mlp_ = register_module("hf_mlp", Mlp(dim, dim, dim / 8, kMlpDepth));
  }
  if (hq.fpn) {
    fpn_ = register_module("fpn", FeaturePyramid(dim, options_.vit_dim, dim / 4, dim / 8));
    return;
  }
  if (hq.early_feature) {
    compress_vit_feat_ = register_module("compress_vit_feat", upscale4(options_.vit_dim, dim, dim / 8));
  }
  if (hq.final_feature) embedding_encoder_ = register_module("embedding_encoder", upscale4(dim, dim / 4, dim / 8));
  if (hq.mask_feature == MaskFeature::kConvs) {
    embedding_maskfeature_ =
        register_module("embedding_maskfeature", torch::nn::Sequential(conv3x3(dim / 8, dim / 4), LayerNorm2d(dim / 4),
                                                                       torch::nn::GELU(), conv3x3(dim / 4, dim / 8)));
  }
}

torch::Tensor MaskDecoderImpl::hq_features(const ImageFeatures& features) {
  if (!has_hq()) fail("MaskDecoder::hq_features", "this model has no HQ modules");
  const HqOptions& hq = options_.hq;
  torch::Tensor early, shared;
  if (hq.early_feature) early = features.interm_embeddings.at(0).permute({0, 3, 1, 2});
  if (hq.fpn) return fpn_->coarse(features.image_embeddings, early);
  if (hq.final_feature) shared = embedding_encoder_->forward(features.image_embeddings);
  if (!hq.early_feature) return shared;
  const auto compressed = compress_vit_feat_->forward(early);
  if (shared.defined()) shared = shared + compressed;
  const auto& feature = shared.defined() ? shared : compressed;
  // Masks are made in fp32 there, whatever the products' type: brought to it once a picture.
  return feature.device().is_cpu() && !torch::GradMode::is_enabled() ? feature.to(torch::kFloat) : feature;
}

torch::Tensor MaskDecoderImpl::output_tokens(DecoderPass pass, int64_t rows) {
  std::vector<torch::Tensor> tokens = {iou_token_->weight, mask_tokens_->weight};
  if (pass != DecoderPass::kSam) tokens.push_back((context_tokens_ ? context_tokens_ : hf_token_)->weight);
  return torch::cat(tokens).unsqueeze(0).expand({rows, -1, -1});
}

torch::Tensor MaskDecoderImpl::sam_weights(const torch::Tensor& queries, int64_t slot) {
  return output_hypernetworks_mlps_->at<MlpImpl>(slot).forward(queries.select(1, 1 + slot));
}

// [N,4,C/8]
torch::Tensor MaskDecoderImpl::all_sam_weights(const torch::Tensor& queries) {
  std::vector<torch::Tensor> weights;
  for (int64_t slot = 0; slot <= options_.num_multimask_outputs; ++slot) weights.push_back(sam_weights(queries, slot));
  return torch::stack(weights, 1);
}

// [N,C/8]
torch::Tensor MaskDecoderImpl::hq_weights(const torch::Tensor& queries) {
  if (options_.hq.token == HqToken::kContext) return sam_weights(queries, 0);
  const auto own = hf_mlp_(queries.select(1, hq_token()));
  if (options_.hq.token == HqToken::kHq) return own;
  const auto both = torch::stack({own, sam_weights(queries, 0)}, 1);  // [N,2,C/8]
  const auto scores = torch::matmul(both, own.unsqueeze(2)) / std::sqrt(static_cast<double>(own.size(1)));
  return (scores.softmax(1) * both).sum(1);
}

// [N,C/8,4G,4G]
torch::Tensor MaskDecoderImpl::hq_feature(const torch::Tensor& upscaled, const torch::Tensor& shared) {
  const HqOptions& hq = options_.hq;
  if (hq.fpn) return fpn_->fine(upscaled, shared);
  if (hq.mask_feature == MaskFeature::kNone) return shared;
  const auto own = hq.mask_feature == MaskFeature::kConvs ? embedding_maskfeature_->forward(upscaled) : upscaled;
  return shared.defined() ? own + shared : own;
}

DecoderOutput MaskDecoderImpl::forward(const DecoderInput& input, DecoderPass pass) {
  const int64_t images = input.image_embeddings.size(0), rows = input.sparse.size(0);
  if (images == 0 || rows % images != 0 || input.dense.size(0) != rows) {
    fail("MaskDecoder", "expected sparse and dense prompts for a multiple of {} images, got {} and {} rows", images,
         rows, input.dense.size(0));
  }
  if (pass != DecoderPass::kSam && (!has_hq() || (has_hq_features() && !input.hq_features.defined()))) {
    fail("MaskDecoder", "the HQ pass needs HQ modules and hq_features; this model {}",
         has_hq() ? "got no hq_features" : "has no HQ modules");
  }
  if (folds(input, pass)) return forward_folded(input, pass);
  const auto per_row = [&](const torch::Tensor& of_images) {
    return rows == images || !of_images.defined() ? of_images : of_images.repeat_interleave(rows / images, 0);
  };
  const auto tokens = torch::cat({output_tokens(pass, rows), input.sparse}, 1);
  const auto source = per_row(input.image_embeddings) + input.dense;
  const auto [queries, keys, attention] = transformer_(source, input.image_pe, tokens, input.with_attention);
  const bool like_transformers = options_.like_transformers && pass != DecoderPass::kSam;
  const auto upscaled =
      output_upscaling_->forward(like_transformers ? source.transpose(2, 3) : keys.transpose(1, 2).view_as(source));

  DecoderOutput output;
  output.attention = attention;
  if (pass != DecoderPass::kHqOnly) {
    output.masks_sam = dot_with_features(all_sam_weights(queries), upscaled);
    output.iou = iou_prediction_head_(queries.select(1, 0));
  }
  if (pass != DecoderPass::kSam) {
    const auto feature = hq_feature(upscaled, per_row(input.hq_features));
    output.masks_hq = dot_with_features(hq_weights(queries).unsqueeze(1), feature);
  }
  return output;
}

std::string to_string(MaskKind kind) { return word_of(kind, kMaskKinds); }
std::string to_string(Multimask multimask) { return word_of(multimask, kMultimasks); }

int64_t masks_per_prompt(MaskKind kind, Multimask multimask, int64_t num_multimask_outputs) {
  return multimask == Multimask::kAll && kind != MaskKind::kHq ? num_multimask_outputs : 1;
}

SelectedMasks select_masks(const DecoderOutput& output, MaskKind kind, Multimask multimask) {
  SelectedMasks selected;
  if (output.masks_sam.defined()) {
    selected.logits = output.masks_sam.narrow(1, 0, 1);
    selected.iou = output.iou.narrow(1, 0, 1);
    if (multimask != Multimask::kNone) {
      const auto [iou, slots] = output.iou.slice(1, 1).sort(/*stable=*/true, /*dim=*/1, /*descending=*/true);
      const auto best = slots.slice(1, 0, masks_per_prompt(kind, multimask, slots.size(1))) + 1;
      const auto rows = torch::arange(best.size(0), best.options()).unsqueeze(1);
      selected.logits = output.masks_sam.index({rows, best});
      selected.iou = iou.slice(1, 0, best.size(1));
    }
  }
  if (kind == MaskKind::kSam) return selected;
  selected.logits = kind == MaskKind::kHq ? output.masks_hq : selected.logits + output.masks_hq;
  return selected;
}

}  // namespace hqsam
