// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/image_encoder_vit.h"

#include <algorithm>
#include <cmath>

#include "hqsam/onnx/modules.h"
#include "hqsam/onnx/ops.h"
#include "hqsam/ops/rel_pos_attention.h"

namespace hqsam::onnx {
namespace {

// What is added to the attention logits: q [B,heads,side*side,c] -> [B*heads,side,side,side,side] = query row and
// column, key row and column.
Value relative_bias(Graph& graph, const Value& q, int64_t side, int64_t channels) {
  const auto table = [&](const char* key) {  // [side,c,side]: of each query row its keys
    const auto rows = get_rel_pos(side, side, graph.weight(key)).transpose(1, 2);
    return graph.store(key, rows, graph.compute());
  };
  const Value grid = reshape(graph, q, {-1, side, side, channels});
  const Value rel_h = matmul(graph, grid, table("rel_pos_h"));
  const Value rel_w =
      transpose(graph, matmul(graph, transpose(graph, grid, {0, 2, 1, 3}), table("rel_pos_w")), {0, 2, 1, 3});
  return add(graph, to_float(graph, unsqueeze(graph, rel_h, -1)), to_float(graph, unsqueeze(graph, rel_w, -2)));
}

// x [B,side,side,C] -> the same
Value attention(Graph& graph, const Value& x, const ImageEncoderVitOptions& options, int64_t side) {
  const Scope scope(graph, "attn");
  const int64_t dim = options.embed_dim, heads = options.num_heads, tokens = side * side, channels = dim / heads;
  const auto qkv = split(graph, reshape(graph, linear(graph, x, "qkv"), {-1, tokens, 3 * dim}), {dim, dim, dim}, -1);
  const auto by_head = [&](const Value& value, const std::vector<int64_t>& order) {
    return transpose(graph, reshape(graph, value, {0, 0, heads, channels}), order);
  };
  const Value q = by_head(qkv[0], {0, 2, 1, 3}), k = by_head(qkv[1], {0, 2, 3, 1}), v = by_head(qkv[2], {0, 2, 1, 3});
  const Value logits = matmul(graph, scale(graph, q, 1 / std::sqrt(static_cast<double>(channels))), k);
  const Value biased = add(graph, to_float(graph, reshape(graph, logits, {-1, side, side, side, side})),
                           relative_bias(graph, q, side, channels));
  const Value weights = softmax(graph, reshape(graph, biased, {-1, heads, tokens, tokens}));
  const Value attended = transpose(graph, matmul(graph, weights, v), {0, 2, 1, 3});
  return linear(graph, reshape(graph, attended, {-1, side, side, dim}), "proj");
}

// x [B,G,G,C] -> the same
Value block(Graph& graph, const Value& x, const ImageEncoderVitOptions& options, bool global) {
  const int64_t grid = options.grid(), window = options.window_size;
  Value attended = to_compute(graph, layer_norm(graph, x, "norm1", options.layer_norm_eps));
  if (global) {
    attended = attention(graph, attended, options, grid);
  } else {
    attended = window_partition(graph, attended, grid, window, options.embed_dim);
    attended = attention(graph, attended, options, window);
    attended = window_unpartition(graph, attended, grid, window, options.embed_dim);
  }
  const Value sum = add(graph, x, to_float(graph, attended));
  const Value hidden = gelu(graph, linear(graph, layer_norm(graph, sum, "norm2", options.layer_norm_eps), "mlp.lin1"));
  return add(graph, sum, to_float(graph, linear(graph, hidden, "mlp.lin2")));
}

}  // namespace

ImageValues image_encoder_vit(Graph& graph, const Value& image, const ImageEncoderVitOptions& options) {
  const auto& global = options.global_attn_indexes;
  const int64_t first_global = *std::min_element(global.begin(), global.end());
  const Value patches = conv2d(graph, image, "patch_embed.proj", {.stride = options.patch_size});
  const Value positions = graph.store("pos_embed", graph.weight("pos_embed"), Type::kFloat);

  ImageValues features;
  Value x = add(graph, to_float(graph, transpose(graph, patches, {0, 2, 3, 1})), positions);
  for (int64_t i = 0; i < options.depth; ++i) {
    const Scope scope(graph, "blocks", i);
    x = block(graph, x, options, std::find(global.begin(), global.end(), i) != global.end());
    if (i == first_global) features.early = x;
  }
  features.image_embeddings = neck(graph, transpose(graph, x, {0, 3, 1, 2}));
  return features;
}

Value neck(Graph& graph, const Value& x) {
  const Scope scope(graph, "neck");
  Value narrow;
  {
    const InFloat exact(graph);  // its input is the sum of all residuals, with no norm in between
    narrow = layer_norm_2d(graph, conv2d(graph, x, "0"), "1");
  }
  return layer_norm_2d(graph, conv2d(graph, narrow, "2", {.padding = 1}), "3");
}

}  // namespace hqsam::onnx
