// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/transformer.h"

#include <cmath>

#include "hqsam/onnx/modules.h"
#include "hqsam/onnx/ops.h"

namespace hqsam::onnx {
namespace {

// q [B,Q,C], k and v [B,K,C] -> [B,Q,C], in fp32 for the sum that follows; inner = channels inside.
struct AttentionShape {
  int64_t heads, inner;
};
Value attention(Graph& graph, const std::string& key, const Value& q, const Value& k, const Value& v,
                const AttentionShape& shape) {
  const Scope scope(graph, key);
  const int64_t channels = shape.inner / shape.heads;
  const auto by_head = [&](const Value& x, const std::vector<int64_t>& order) {
    return transpose(graph, reshape(graph, x, {0, -1, shape.heads, channels}), order);
  };
  const Value queries = by_head(linear(graph, q, "q_proj"), {0, 2, 1, 3});
  const Value keys = by_head(linear(graph, k, "k_proj"), {0, 2, 3, 1});
  const Value values = by_head(linear(graph, v, "v_proj"), {0, 2, 1, 3});
  const Value scaled = scale(graph, queries, 1 / std::sqrt(static_cast<double>(channels)));
  const Value attended = matmul(graph, softmax(graph, matmul(graph, scaled, keys)), values);
  const Value joined = reshape(graph, transpose(graph, attended, {0, 2, 1, 3}), {0, -1, shape.inner});
  return to_float(graph, linear(graph, joined, "out_proj"));
}

struct Positions {
  Value queries, keys;
};

TwoWayValues block(Graph& graph, TwoWayValues state, const Positions& at, const TwoWayTransformerOptions& options,
                   bool first) {
  const AttentionShape self = {options.num_heads, options.embedding_dim};
  const AttentionShape cross = {options.num_heads, options.embedding_dim / options.downsample_rate};
  const auto norm = [&](const Value& x, const char* key) { return layer_norm(graph, x, key, options.layer_norm_eps); };
  auto& [queries, keys] = state;
  if (first) {  // no positions and no residual
    queries = attention(graph, "self_attn", queries, queries, queries, self);
  } else {
    const Value q = add(graph, queries, at.queries);
    queries = add(graph, queries, attention(graph, "self_attn", q, q, queries, self));
  }
  queries = norm(queries, "norm1");

  const Value k = add(graph, keys, at.keys);
  const Value q = add(graph, queries, at.queries);
  queries = norm(add(graph, queries, attention(graph, "cross_attn_token_to_image", q, k, keys, cross)), "norm2");
  const Value hidden = relu(graph, linear(graph, queries, "mlp.lin1"));
  queries = norm(add(graph, queries, to_float(graph, linear(graph, hidden, "mlp.lin2"))), "norm3");
  const Value tokens = add(graph, queries, at.queries);
  keys = norm(add(graph, keys, attention(graph, "cross_attn_image_to_token", k, tokens, queries, cross)), "norm4");
  return state;
}

}  // namespace

TwoWayValues two_way_transformer(Graph& graph, const Value& source, const Value& image_pe, const Value& tokens,
                                 const TwoWayTransformerOptions& options) {
  const int64_t dim = options.embedding_dim;
  const Positions at = {tokens, image_pe};
  TwoWayValues state = {tokens, transpose(graph, reshape(graph, source, {0, dim, -1}), {0, 2, 1})};
  for (int64_t i = 0; i < options.depth; ++i) {
    const Scope scope(graph, "layers", i);
    state = block(graph, state, at, options, i == 0);
  }
  const Value q = add(graph, state.queries, tokens), k = add(graph, state.keys, image_pe);
  const Value attended = attention(graph, "final_attn_token_to_image", q, k, state.keys,
                                   {options.num_heads, dim / options.downsample_rate});
  state.queries = layer_norm(graph, add(graph, state.queries, attended), "norm_final_attn", options.final_norm_eps);
  return state;
}

}  // namespace hqsam::onnx
