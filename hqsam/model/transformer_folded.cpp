// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "hqsam/model/transformer.h"
#include "hqsam/ops/few_rows.h"

namespace hqsam {
namespace {

constexpr double kNoToken = -1e30;  // among logits

// Rounds the columns of folded tokens up: [N,T*heads,..] -> [N,J,..]
torch::Tensor with_columns(const torch::Tensor& folded, int64_t columns, double value = 0) {
  const int64_t missing = columns - folded.size(1);
  if (missing == 0) return folded.contiguous();
  std::vector<int64_t> padding(static_cast<size_t>(2 * (folded.dim() - 1)), 0);
  padding.back() = missing;
  return torch::constant_pad_nd(folded, padding, value);
}

}  // namespace

// Each head's share of a projection's weight [inner,C] times the tokens' [N,T,inner] -> [N,T*heads,C].
torch::Tensor DecoderAttentionImpl::folded(const torch::Tensor& of_tokens, const torch::Tensor& weight,
                                           double scale) const {
  const int64_t rows = of_tokens.size(0), tokens = of_tokens.size(1);
  const auto by_head = of_tokens.reshape({rows * tokens, num_heads_, -1}).transpose(0, 1) * scale;  // [heads,N*T,d]
  const auto product = rows_by(by_head, weight.view({num_heads_, -1, weight.size(1)}));             // [heads,N*T,C]
  return product.transpose(0, 1).reshape({rows, tokens * num_heads_, weight.size(1)});
}

torch::Tensor DecoderAttentionImpl::to_image(const torch::Tensor& q, const ImageTokens& image) {
  const auto queries = q_proj_->forward_rows(q);  // [N,T,inner]
  const int64_t rows = queries.size(0), tokens = queries.size(1), inner = queries.size(2);
  const double scale = 1 / std::sqrt(static_cast<double>(inner / num_heads_));
  // The bias of k adds the same to all logits of a query.
  const auto attended =
      attend_to_image(image, with_columns(folded(queries, k_proj_->weight, scale), folded_columns(tokens, num_heads_)));
  const auto by_head = attended.narrow(1, 0, tokens * num_heads_)
                           .reshape({rows * tokens, num_heads_, -1})
                           .transpose(0, 1);                                     // [heads,N*T,C]
  const auto weight = v_proj_->weight.view({num_heads_, -1, attended.size(2)});  // [heads,d,C]
  const auto values = rows_by_transposed(by_head, weight).transpose(0, 1).reshape({rows, tokens, inner});
  return out_proj_->forward_rows(values + v_proj_->bias);
}

FoldedTokens DecoderAttentionImpl::fold(const torch::Tensor& k, const torch::Tensor& v) {
  const auto keys = k_proj_->forward_rows(k), values = v_proj_->forward_rows(v);  // [N,T,inner]
  const int64_t rows = keys.size(0), tokens = keys.size(1), inner = keys.size(2);
  const int64_t columns = folded_columns(tokens, num_heads_);
  const double scale = 1 / std::sqrt(static_cast<double>(inner / num_heads_));
  const auto offsets = (keys * q_proj_->bias).view({rows, tokens * num_heads_, -1}).sum(2) * scale;
  return {.keys = with_columns(folded(keys, q_proj_->weight, scale), columns),
          .offsets = with_columns(offsets, columns, kNoToken),
          .values = with_columns(folded(values, out_proj_->weight.t().contiguous(), 1), columns),
          .bias = out_proj_->bias,
          .heads = num_heads_};
}

void TwoWayAttentionBlockImpl::forward_folded(torch::Tensor& queries, ImageTokens& image, const torch::Tensor& query_pe,
                                              const torch::Tensor& key_pe) {
  queries = attend_to_themselves(queries, query_pe);
  queries = norm2_(queries + cross_attn_token_to_image_->to_image(queries + query_pe, image));
  queries = norm3_(queries + mlp_(queries));
  FoldedTokens tokens = cross_attn_image_to_token_->fold(queries + query_pe, queries);
  tokens.weight = norm4_->weight;
  tokens.shift = norm4_->bias;
  tokens.eps = norm4_->options.eps();
  tokens.position = key_pe;
  image = attend_to_tokens(image, tokens);
}

TwoWayOutput TwoWayTransformerImpl::forward_folded(ImageTokens image, const torch::Tensor& image_pe,
                                                   const torch::Tensor& tokens) {
  torch::Tensor queries = tokens;
  for (const auto& layer : *layers_) {
    layer->as<TwoWayAttentionBlockImpl>()->forward_folded(queries, image, tokens, image_pe);
  }
  queries = norm_final_attn_(queries + final_attn_token_to_image_->to_image(queries + tokens, image));
  return {queries, image.keys};
}

}  // namespace hqsam
