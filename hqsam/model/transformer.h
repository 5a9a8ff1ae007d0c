// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include "hqsam/model/layers.h"
#include "hqsam/model/options.h"
#include "hqsam/ops/image_tokens.h"

namespace hqsam {

// Multi-head attention with projections for q, k and v, narrower inside by downsample_rate.
class DecoderAttentionImpl : public torch::nn::Module {
 public:
  DecoderAttentionImpl(int64_t embedding_dim, int64_t num_heads, int64_t downsample_rate);
  // q [N,Q,C], k and v [N,K,C] -> [N,Q,C]
  torch::Tensor forward(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v);
  // What each query looks at: q [N,Q,C], k [N,K,C] -> [N,heads,Q,K], each row of sum 1. For pictures: forward()
  // does not make them.
  torch::Tensor weights(const torch::Tensor& q, const torch::Tensor& k);

  // forward() of tokens that attend to an image, and the other way round up to the norm, with the image's projections
  // folded into the tokens (image_tokens.h). q [N,T,C] -> [N,T,C]
  torch::Tensor to_image(const torch::Tensor& q, const ImageTokens& image);
  // k, v [N,T,C] -> keys, offsets, values and bias of what attend_to_tokens takes.
  FoldedTokens fold(const torch::Tensor& k, const torch::Tensor& v);

 private:
  torch::Tensor folded(const torch::Tensor& of_tokens, const torch::Tensor& weight, double scale) const;
  torch::Tensor split_heads(const torch::Tensor& x) const;  // [N,T,C] -> [N,heads,T,C/heads]

  int64_t num_heads_;
  Linear q_proj_ = nullptr, k_proj_ = nullptr, v_proj_ = nullptr, out_proj_ = nullptr;
};
TORCH_MODULE(DecoderAttention);

struct TwoWayOutput {
  torch::Tensor queries;         // [N,T,C] tokens
  torch::Tensor keys;            // [N,G*G,C] image; of forward_folded in its products' type
  torch::Tensor attention = {};  // [N,heads,T,G*G] of the transformer's last attention of tokens to the image
};

// Self-attention of tokens, tokens to image, MLP on tokens, image to tokens.
class TwoWayAttentionBlockImpl : public torch::nn::Module {
 public:
  TwoWayAttentionBlockImpl(const TwoWayTransformerOptions& options, bool skip_first_layer_pe);
  TwoWayOutput forward(TwoWayOutput state, const torch::Tensor& query_pe, const torch::Tensor& key_pe);
  // The same with the image's side folded; key_pe [P,C].
  void forward_folded(torch::Tensor& queries, ImageTokens& image, const torch::Tensor& query_pe,
                      const torch::Tensor& key_pe);

 private:
  torch::Tensor attend_to_themselves(torch::Tensor queries, const torch::Tensor& query_pe);

  bool skip_first_layer_pe_;
  DecoderAttention self_attn_ = nullptr, cross_attn_token_to_image_ = nullptr, cross_attn_image_to_token_ = nullptr;
  torch::nn::LayerNorm norm1_ = nullptr, norm2_ = nullptr, norm3_ = nullptr, norm4_ = nullptr;
  MlpBlock mlp_ = nullptr;
};
TORCH_MODULE(TwoWayAttentionBlock);

class TwoWayTransformerImpl : public torch::nn::Module {
 public:
  explicit TwoWayTransformerImpl(TwoWayTransformerOptions options);
  // image_embedding [N,C,G,G], image_pe [1,C,G,G], tokens [N,T,C]. with_attention: fills the output's.
  TwoWayOutput forward(const torch::Tensor& image_embedding, const torch::Tensor& image_pe, const torch::Tensor& tokens,
                       bool with_attention = false);
  // The same for an image [M,P,C], M = N or 1, with its side folded; image_pe [P,C]. Without gradients.
  TwoWayOutput forward_folded(ImageTokens image, const torch::Tensor& image_pe, const torch::Tensor& tokens);

 private:
  torch::nn::ModuleList layers_;
  DecoderAttention final_attn_token_to_image_ = nullptr;
  torch::nn::LayerNorm norm_final_attn_ = nullptr;
};
TORCH_MODULE(TwoWayTransformer);

}  // namespace hqsam
