// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include "hqsam/model/options.h"
#include "hqsam/prompt/prompt.h"

namespace hqsam {

struct PromptEmbeddings {
  torch::Tensor sparse;  // [N,T,embed_dim], T = tokens of points and boxes, 0 where there are none
  torch::Tensor dense;   // [N,embed_dim,grid,grid]
};

// Random Fourier features of a position (Tancik et al., NeurIPS 2020).
class PositionEmbeddingRandomImpl : public torch::nn::Module {
 public:
  explicit PositionEmbeddingRandomImpl(int64_t features);
  // positions [...,2] in 0..1 -> [..., 2 * features]
  torch::Tensor forward(const torch::Tensor& positions);

 private:
  torch::Tensor gaussian_matrix_;  // [2, features]
};
TORCH_MODULE(PositionEmbeddingRandom);

// Works in float32 also where autocast is on: bfloat16 would blur positions.
class PromptEncoderImpl : public torch::nn::Module {
 public:
  explicit PromptEncoderImpl(PromptEncoderOptions options);

  PromptEmbeddings forward(const PromptTensors& prompts);
  // The position code of the image embedding, [1,embed_dim,grid,grid].
  torch::Tensor dense_pe();
  const PromptEncoderOptions& options() const { return options_; }
  torch::Device device() const { return no_mask_embed_->weight.device(); }

 private:
  torch::Tensor embed_points(const torch::Tensor& points, const torch::Tensor& labels, bool pad);
  torch::Tensor embed_boxes(const torch::Tensor& boxes);

  PromptEncoderOptions options_;
  PositionEmbeddingRandom pe_layer_ = nullptr;
  torch::nn::ModuleList point_embeddings_;  // negative, positive, box corners
  torch::nn::Embedding not_a_point_embed_ = nullptr, no_mask_embed_ = nullptr;
  torch::nn::Sequential mask_downscaling_;
};
TORCH_MODULE(PromptEncoder);

}  // namespace hqsam
