// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/prompt_encoder.h"

#include <numbers>

#include "hqsam/core/error.h"
#include "hqsam/model/layers.h"
#include "hqsam/ops/autocast.h"

namespace hqsam {
namespace {

enum PointEmbedding : size_t { kNegative, kPositive, kTopLeft, kBottomRight, kPointEmbeddings };

}  // namespace

PositionEmbeddingRandomImpl::PositionEmbeddingRandomImpl(int64_t features)
    : gaussian_matrix_(register_buffer("positional_encoding_gaussian_matrix", torch::randn({2, features}))) {}

torch::Tensor PositionEmbeddingRandomImpl::forward(const torch::Tensor& positions) {
  const auto angles = torch::matmul(2 * positions - 1, gaussian_matrix_) * (2 * std::numbers::pi);
  return torch::cat({torch::sin(angles), torch::cos(angles)}, -1);
}

PromptEncoderImpl::PromptEncoderImpl(PromptEncoderOptions options) : options_(options) {
  const int64_t dim = options_.embed_dim, chans = options_.mask_in_chans;
  pe_layer_ = register_module("pe_layer", PositionEmbeddingRandom(dim / 2));
  register_module("point_embeddings", point_embeddings_);
  for (size_t i = 0; i < kPointEmbeddings; ++i) point_embeddings_->push_back(torch::nn::Embedding(1, dim));
  not_a_point_embed_ = register_module("not_a_point_embed", torch::nn::Embedding(1, dim));
  const auto halve = [](int64_t in, int64_t out) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 2).stride(2));
  };
  mask_downscaling_->push_back(halve(1, chans / 4));
  mask_downscaling_->push_back(LayerNorm2d(chans / 4, options_.layer_norm_eps));
  mask_downscaling_->push_back(torch::nn::GELU());
  mask_downscaling_->push_back(halve(chans / 4, chans));
  mask_downscaling_->push_back(LayerNorm2d(chans, options_.layer_norm_eps));
  mask_downscaling_->push_back(torch::nn::GELU());
  mask_downscaling_->push_back(torch::nn::Conv2d(torch::nn::Conv2dOptions(chans, dim, 1)));
  register_module("mask_downscaling", mask_downscaling_);
  no_mask_embed_ = register_module("no_mask_embed", torch::nn::Embedding(1, dim));
}

torch::Tensor PromptEncoderImpl::embed_points(const torch::Tensor& points, const torch::Tensor& labels, bool pad) {
  if (points.dim() != 3 || points.size(2) != 2 || labels.sizes() != points.sizes().slice(0, 2)) {
    fail("PromptEncoder", "expected points [N,K,2] and labels [N,K], got {} and {}", fmt::join(points.sizes(), "x"),
         fmt::join(labels.sizes(), "x"));
  }
  auto at = points + 0.5;  // pixel centres
  auto kind = labels.to(torch::kLong);
  if (pad) {  // SAM: points without a box are followed by one "not a point"
    at = torch::cat({at, at.new_zeros({at.size(0), 1, 2})}, 1);
    kind = torch::cat({kind, kind.new_full({kind.size(0), 1}, -1)}, 1);
  }
  auto embedding = pe_layer_(at / static_cast<double>(options_.image_size));
  kind = kind.unsqueeze(-1);
  embedding = torch::where(kind == -1, not_a_point_embed_->weight, embedding);
  const auto add = [&](int64_t label, size_t which) {
    const auto& weight = point_embeddings_->at<torch::nn::EmbeddingImpl>(which).weight;
    embedding = torch::where(kind == label, embedding + weight, embedding);
  };
  add(0, kNegative);
  add(1, kPositive);
  return embedding;
}

torch::Tensor PromptEncoderImpl::embed_boxes(const torch::Tensor& boxes) {
  if (boxes.dim() != 2 || boxes.size(1) != 4) {
    fail("PromptEncoder", "expected boxes [N,4], got {}", fmt::join(boxes.sizes(), "x"));
  }
  const auto corners = pe_layer_((boxes + 0.5).view({-1, 2, 2}) / static_cast<double>(options_.image_size));
  const auto weight = [&](size_t which) { return point_embeddings_->at<torch::nn::EmbeddingImpl>(which).weight; };
  return corners + torch::stack({weight(kTopLeft)[0], weight(kBottomRight)[0]});
}

PromptEmbeddings PromptEncoderImpl::forward(const PromptTensors& prompts) {
  const auto& first = prompts.points.defined()  ? prompts.points
                      : prompts.boxes.defined() ? prompts.boxes
                                                : prompts.masks;
  if (!first.defined()) fail("PromptEncoder", "no prompt: give points, boxes or masks");
  const int64_t rows = first.size(0);
  const auto& plain = no_mask_embed_->weight;  // [1,C]; carries dtype and device
  const Fp32Scope positions_are_exact(device().type());

  std::vector<torch::Tensor> sparse;
  if (prompts.points.defined()) {
    sparse.push_back(embed_points(prompts.points, prompts.point_labels, !prompts.boxes.defined()));
  }
  if (prompts.boxes.defined()) sparse.push_back(embed_boxes(prompts.boxes));

  PromptEmbeddings embeddings;
  embeddings.sparse = sparse.empty() ? torch::empty({rows, 0, options_.embed_dim}, plain.options().requires_grad(false))
                                     : torch::cat(sparse, 1);
  if (prompts.masks.defined()) {
    const int64_t side = 4 * options_.grid;
    if (prompts.masks.dim() != 4 || prompts.masks.size(1) != 1 || prompts.masks.size(2) != side ||
        prompts.masks.size(3) != side) {
      fail("PromptEncoder", "expected masks [N,1,{},{}], got {}", side, side, fmt::join(prompts.masks.sizes(), "x"));
    }
    embeddings.dense = mask_downscaling_->forward(prompts.masks);
  } else {
    embeddings.dense = plain.view({1, -1, 1, 1}).expand({rows, -1, options_.grid, options_.grid});
  }
  return embeddings;
}

torch::Tensor PromptEncoderImpl::dense_pe() {
  const int64_t grid = options_.grid;
  const Fp32Scope positions_are_exact(device().type());
  const auto axis = (torch::arange(grid, no_mask_embed_->weight.options().requires_grad(false)) + 0.5) / grid;
  const auto yx = torch::meshgrid({axis, axis}, "ij");
  return pe_layer_(torch::stack({yx[1], yx[0]}, -1)).permute({2, 0, 1}).unsqueeze(0);
}

}  // namespace hqsam
