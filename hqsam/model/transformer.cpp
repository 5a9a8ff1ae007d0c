// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/transformer.h"

#include <cmath>

#include "hqsam/ops/attention.h"

namespace hqsam {
namespace {

torch::nn::LayerNorm layer_norm(int64_t dim, double eps) {
  return torch::nn::LayerNorm(torch::nn::LayerNormOptions({dim}).eps(eps));
}

}  // namespace

DecoderAttentionImpl::DecoderAttentionImpl(int64_t embedding_dim, int64_t num_heads, int64_t downsample_rate)
    : num_heads_(num_heads) {
  const int64_t inner = embedding_dim / downsample_rate;
  q_proj_ = register_module("q_proj", Linear(embedding_dim, inner));
  k_proj_ = register_module("k_proj", Linear(embedding_dim, inner));
  v_proj_ = register_module("v_proj", Linear(embedding_dim, inner));
  out_proj_ = register_module("out_proj", Linear(inner, embedding_dim));
}

torch::Tensor DecoderAttentionImpl::forward(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v) {
  const auto attended = attention(split_heads(q_proj_->forward_rows(q)), split_heads(k_proj_->forward_rows(k)),
                                  split_heads(v_proj_->forward_rows(v)));
  return out_proj_->forward_rows(attended.transpose(1, 2).flatten(2));
}

torch::Tensor DecoderAttentionImpl::weights(const torch::Tensor& q, const torch::Tensor& k) {
  const auto queries = split_heads(q_proj_->forward_rows(q)), keys = split_heads(k_proj_->forward_rows(k));
  const double scale = 1 / std::sqrt(static_cast<double>(queries.size(3)));
  return torch::softmax(torch::matmul(queries * scale, keys.transpose(2, 3)), -1);
}

torch::Tensor DecoderAttentionImpl::split_heads(const torch::Tensor& x) const {
  return x.view({x.size(0), x.size(1), num_heads_, -1}).transpose(1, 2);
}

TwoWayAttentionBlockImpl::TwoWayAttentionBlockImpl(const TwoWayTransformerOptions& options, bool skip_first_layer_pe)
    : skip_first_layer_pe_(skip_first_layer_pe) {
  const int64_t dim = options.embedding_dim, heads = options.num_heads;
  const auto norm = [&] { return layer_norm(dim, options.layer_norm_eps); };
  self_attn_ = register_module("self_attn", DecoderAttention(dim, heads, 1));
  norm1_ = register_module("norm1", norm());
  cross_attn_token_to_image_ =
      register_module("cross_attn_token_to_image", DecoderAttention(dim, heads, options.downsample_rate));
  norm2_ = register_module("norm2", norm());
  mlp_ = register_module("mlp", MlpBlock(dim, options.mlp_dim, MlpBlockImpl::Kind::kDecoder));
  norm3_ = register_module("norm3", norm());
  norm4_ = register_module("norm4", norm());
  cross_attn_image_to_token_ =
      register_module("cross_attn_image_to_token", DecoderAttention(dim, heads, options.downsample_rate));
}

torch::Tensor TwoWayAttentionBlockImpl::attend_to_themselves(torch::Tensor queries, const torch::Tensor& query_pe) {
  if (skip_first_layer_pe_) {  // the first layer: no positions and no residual
    queries = self_attn_(queries, queries, queries);
  } else {
    const auto q = queries + query_pe;
    queries = queries + self_attn_(q, q, queries);
  }
  return norm1_(queries);
}

TwoWayOutput TwoWayAttentionBlockImpl::forward(TwoWayOutput state, const torch::Tensor& query_pe,
                                               const torch::Tensor& key_pe) {
  torch::Tensor &queries = state.queries, &keys = state.keys;
  queries = attend_to_themselves(queries, query_pe);

  const auto k = keys + key_pe;
  queries = norm2_(queries + cross_attn_token_to_image_(queries + query_pe, k, keys));
  queries = norm3_(queries + mlp_(queries));
  keys = norm4_(keys + cross_attn_image_to_token_(k, queries + query_pe, queries));
  return state;
}

TwoWayTransformerImpl::TwoWayTransformerImpl(TwoWayTransformerOptions options) {
  register_module("layers", layers_);
  for (int64_t i = 0; i < options.depth; ++i) layers_->push_back(TwoWayAttentionBlock(options, i == 0));
  final_attn_token_to_image_ = register_module(
      "final_attn_token_to_image", DecoderAttention(options.embedding_dim, options.num_heads, options.downsample_rate));
  norm_final_attn_ = register_module("norm_final_attn", layer_norm(options.embedding_dim, options.final_norm_eps));
}

TwoWayOutput TwoWayTransformerImpl::forward(const torch::Tensor& image_embedding, const torch::Tensor& image_pe,
                                            const torch::Tensor& tokens, bool with_attention) {
  const auto key_pe = image_pe.flatten(2).transpose(1, 2);
  TwoWayOutput state{tokens, image_embedding.flatten(2).transpose(1, 2)};
  for (const auto& layer : *layers_) state = layer->as<TwoWayAttentionBlockImpl>()->forward(state, tokens, key_pe);
  const auto q = state.queries + tokens, k = state.keys + key_pe;
  if (with_attention) state.attention = final_attn_token_to_image_->weights(q, k);
  const auto attended = final_attn_token_to_image_(q, k, state.keys);
  state.queries = norm_final_attn_(state.queries + attended);
  return state;
}

}  // namespace hqsam
