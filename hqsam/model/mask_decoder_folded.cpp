// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/mask_decoder.h"
#include "hqsam/ops/autocast.h"
#include "hqsam/ops/few_rows.h"
#include "hqsam/ops/image_tokens.h"
#include "hqsam/ops/lay_tokens.h"
#include "hqsam/ops/mask_pixels.h"

namespace hqsam {
namespace {

constexpr int64_t kMostTokens = 88;  // of a prompt; more of them are worth the image's own projections

// [B,C,G,G] -> [B,G*G,C]; the encoders' and the position code lie in memory like that.
torch::Tensor as_tokens(const torch::Tensor& image) { return image.to(torch::kFloat).flatten(2).transpose(1, 2); }

// The images' tokens as the first layer finds them, once for all prompts where these have no masks.
ImageTokens first_tokens(const DecoderInput& input, const torch::Tensor& position, torch::ScalarType type) {
  const bool shared = input.image_embeddings.size(0) == 1 && input.dense.stride(0) == 0;
  return lay_tokens(as_tokens(input.image_embeddings), shared ? input.dense.narrow(0, 0, 1) : input.dense, position,
                    type);
}

torch::Tensor parameter(const torch::nn::Sequential& modules, size_t index, const char* name) {
  return modules->ptr(index)->named_parameters(/*recurse=*/false)[name];
}

double norm_eps(const torch::nn::Sequential& modules, size_t index) {
  return modules->at<LayerNorm2dImpl>(index).eps();
}

}  // namespace

bool MaskDecoderImpl::folds(const DecoderInput& input, DecoderPass pass) const {
  if (torch::GradMode::is_enabled() || !input.sparse.device().is_cpu() || input.with_attention) return false;
  if (options_.like_transformers && pass != DecoderPass::kSam) return false;
  if (iou_token_->weight.scalar_type() != torch::kFloat) return false;
  const auto& transformer = options_.transformer;
  return input.sparse.size(1) <= kMostTokens &&
         takes_image_tokens(input.image_embeddings.size(2), transformer.embedding_dim, transformer.num_heads,
                            type_of_products(input.sparse));
}

DecoderOutput MaskDecoderImpl::forward_folded(const DecoderInput& input, DecoderPass pass) {
  const auto type = type_of_products(input.sparse);
  const Fp32Scope tokens_in_fp32(at::DeviceType::CPU);  // they are few
  const auto position = as_tokens(input.image_pe)[0].contiguous();
  const auto tokens = torch::cat({output_tokens(pass, input.sparse.size(0)), input.sparse}, 1);
  const auto [queries, keys, none] =
      transformer_->forward_folded(first_tokens(input, position, type), position, tokens);
  const auto pixels = upscale_tokens(keys, input.image_embeddings.size(2),
                                     {.first = parameter(output_upscaling_, 0, "weight"),
                                      .first_bias = parameter(output_upscaling_, 0, "bias"),
                                      .norm = parameter(output_upscaling_, 1, "weight"),
                                      .norm_shift = parameter(output_upscaling_, 1, "bias"),
                                      .second = parameter(output_upscaling_, 3, "weight"),
                                      .second_bias = parameter(output_upscaling_, 3, "bias"),
                                      .eps = norm_eps(output_upscaling_, 1)});
  DecoderOutput output;
  if (pass != DecoderPass::kHqOnly) {
    output.masks_sam = dot_with_pixels(pixels, all_sam_weights(queries));
    output.iou = iou_prediction_head_(queries.select(1, 0));
  }
  if (pass != DecoderPass::kSam) output.masks_hq = hq_masks_folded(queries, pixels, input.hq_features);
  return output;
}

// [N,1,4G,4G]
torch::Tensor MaskDecoderImpl::hq_masks_folded(const torch::Tensor& queries, const torch::Tensor& pixels,
                                               const torch::Tensor& shared) {
  const auto weights = hq_weights(queries);  // [N,C/8]
  const int64_t rows = weights.size(0), side = pixels.size(1) - 2;
  if (options_.hq.fpn) {
    const auto upscaled = pixels.narrow(1, 1, side).narrow(2, 1, side).permute({0, 3, 1, 2}).to(torch::kFloat);
    const auto feature = hq_feature(upscaled, shared.to(torch::kFloat).repeat_interleave(rows / shared.size(0), 0));
    return torch::bmm(weights.unsqueeze(1), feature.flatten(2)).view({rows, 1, side, side});
  }
  auto masks = torch::zeros({rows, 1, side, side});
  if (shared.defined()) {  // the image's share of the feature: one product for all its prompts
    const int64_t images = shared.size(0);
    masks = rows_by(weights.view({images, rows / images, -1}), shared.to(torch::kFloat).flatten(2))
                .contiguous()
                .view({rows, 1, side, side});
  }
  if (options_.hq.mask_feature == MaskFeature::kConvs) {
    const auto last = parameter(embedding_maskfeature_, 3, "weight");
    masks += (weights * parameter(embedding_maskfeature_, 3, "bias")).sum(1).view({rows, 1, 1, 1});
    add_folded_convs(
        pixels,
        {.first = parameter(embedding_maskfeature_, 0, "weight"),
         .first_bias = parameter(embedding_maskfeature_, 0, "bias"),
         .norm = parameter(embedding_maskfeature_, 1, "weight"),
         .norm_shift = parameter(embedding_maskfeature_, 1, "bias"),
         .second = rows_by(weights.unsqueeze(0), last.flatten(1).unsqueeze(0)).reshape({rows, last.size(1), 3, 3}),
         .eps = norm_eps(embedding_maskfeature_, 1)},
        masks);
  } else if (options_.hq.mask_feature != MaskFeature::kNone) {
    masks += dot_with_pixels(pixels, weights.unsqueeze(1));
  }
  return masks;
}

}  // namespace hqsam
