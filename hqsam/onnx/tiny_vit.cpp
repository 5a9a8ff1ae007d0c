// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/tiny_vit.h"

#include <cmath>

#include "hqsam/onnx/modules.h"
#include "hqsam/onnx/ops.h"

namespace hqsam::onnx {
namespace {

constexpr double kNormEps = 1e-5;  // of layer norms and batch norms

Value channels_first(Graph& graph, const Value& x) { return transpose(graph, x, {0, 3, 1, 2}); }
Value channels_last(Graph& graph, const Value& x) { return transpose(graph, x, {0, 2, 3, 1}); }

// Convolution with its batch norm folded in. [B,C,H,W]
Value conv_bn(Graph& graph, const Value& x, const std::string& key, int64_t stride = 1) {
  const Scope scope(graph, key);
  const auto norm = [&](const char* name) { return graph.weight(std::string("bn.") + name).to(torch::kFloat64); };
  const auto factor = norm("weight") / (norm("running_var") + kNormEps).sqrt();
  const auto& kernel = graph.weight("c.weight");  // [out, in / groups, k, k]
  const Value weight = graph.store("weight", kernel.to(torch::kFloat64) * factor.view({-1, 1, 1, 1}), graph.compute());
  const Value bias = graph.store("bias", norm("bias") - norm("running_mean") * factor, graph.compute());
  const bool depthwise = kernel.size(1) == 1;
  return conv2d(graph, {x, weight, bias}, kernel.size(2),
                {.stride = stride, .padding = kernel.size(2) / 2, .groups = depthwise ? kernel.size(0) : 1});
}

Value conv_triple(Graph& graph, const Value& x, int64_t stride) {
  const Value hidden = gelu(graph, conv_bn(graph, x, "conv1"));
  return conv_bn(graph, gelu(graph, conv_bn(graph, hidden, "conv2", stride)), "conv3");
}

// x [N,window,window,C] -> the same
Value window_attention(Graph& graph, const Value& x, int64_t dim, int64_t heads, int64_t window) {
  const Scope scope(graph, "attn");
  const int64_t tokens = window * window, channels = dim / heads;
  const Value all = linear(graph, layer_norm(graph, x, "norm", kNormEps), "qkv");
  const auto qkv = split(graph, transpose(graph, reshape(graph, all, {-1, tokens, heads, 3 * channels}), {0, 2, 1, 3}),
                         {channels, channels, channels}, -1);
  const Value scaled = scale(graph, qkv[0], 1 / std::sqrt(static_cast<double>(channels)));
  const Value logits = matmul(graph, scaled, transpose(graph, qkv[1], {0, 1, 3, 2}));
  const Value bias =
      graph.store("attention_biases", pairwise_bias(graph.weight("attention_biases"), window), Type::kFloat);
  const Value attended = matmul(graph, softmax(graph, add(graph, to_float(graph, logits), bias)), qkv[2]);
  return linear(graph, reshape(graph, transpose(graph, attended, {0, 2, 1, 3}), {-1, window, window, dim}), "proj");
}

// x [B,side,side,C] -> the same
Value block(Graph& graph, const Value& x, int64_t dim, int64_t heads, int64_t window, int64_t side) {
  const Value windows = window_partition(graph, x, side, window, dim);
  const Value attended =
      window_unpartition(graph, window_attention(graph, windows, dim, heads, window), side, window, dim);
  Value mixed;
  {
    const InFloat exact(graph);  // its rounding would affect all residuals so far
    mixed = conv_bn(graph, channels_first(graph, add(graph, x, to_float(graph, attended))), "local_conv");
  }
  mixed = channels_last(graph, mixed);
  const Value hidden = gelu(graph, linear(graph, layer_norm(graph, mixed, "mlp.norm", kNormEps), "mlp.fc1"));
  return add(graph, mixed, to_float(graph, linear(graph, hidden, "mlp.fc2")));
}

// A block of stage 0.
Value mb_conv(Graph& graph, const Value& x) {
  const Value first = channels_first(graph, x);
  return channels_last(graph, gelu(graph, add(graph, first, to_float(graph, conv_triple(graph, first, 1)))));
}

}  // namespace

ImageValues tiny_vit(Graph& graph, const Value& image, const TinyVitOptions& options) {
  Value x;
  {
    const Scope scope(graph, "patch_embed.seq");
    x = conv_bn(graph, gelu(graph, conv_bn(graph, image, "0", 2)), "2", 2);
  }
  x = to_float(graph, channels_last(graph, x));
  int64_t side = options.image_size / 4;
  ImageValues features;
  for (size_t stage = 0; stage < options.embed_dims.size(); ++stage) {
    const Scope scope(graph, "layers", static_cast<int64_t>(stage));
    for (int64_t i = 0; i < options.depths[stage]; ++i) {
      const Scope inner(graph, "blocks", i);
      x = stage == 0
              ? mb_conv(graph, x)
              : block(graph, x, options.embed_dims[stage], options.num_heads[stage], options.window_sizes[stage], side);
    }
    if (stage + 1 < options.embed_dims.size()) {
      const Scope inner(graph, "downsample");
      const InFloat exact(graph);  // its input is a sum of residuals, with no norm in between
      const int64_t stride = side > options.grid() ? 2 : 1;
      x = channels_last(graph, conv_triple(graph, channels_first(graph, x), stride));
      side /= stride;
    }
    if (stage == 1) features.early = x;
  }
  features.image_embeddings = neck(graph, channels_first(graph, x));
  return features;
}

}  // namespace hqsam::onnx
