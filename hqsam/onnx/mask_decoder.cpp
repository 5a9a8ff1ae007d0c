// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/mask_decoder.h"

#include <optional>

#include "hqsam/onnx/modules.h"
#include "hqsam/onnx/ops.h"

namespace hqsam::onnx {
namespace {

constexpr int64_t kMlpDepth = 3;  // hypernetworks and hf_mlp

// Upscaling by four: transposed convolutions with norm and GELU between them. The first one of a sum of residuals
// is in fp32.
enum class Input { kNormed, kResiduals };
Value upscale4(Graph& graph, const Value& x, const std::string& key, Input input = Input::kNormed) {
  const Scope scope(graph, key);
  std::optional<InFloat> exact;
  if (input == Input::kResiduals) exact.emplace(graph);
  const Value doubled = conv_transpose2x(graph, x, "0");
  exact.reset();
  return conv_transpose2x(graph, gelu(graph, layer_norm_2d(graph, doubled, "1")), "3");
}

Value output_tokens(Graph& graph, const Value& sparse, int64_t dim, bool hq) {
  std::vector<torch::Tensor> learned = {graph.weight("iou_token.weight"), graph.weight("mask_tokens.weight")};
  if (hq) learned.push_back(graph.weight("hf_token.weight"));
  const auto rows = torch::cat(learned).unsqueeze(0);
  const Value sizes = concat(graph, {shape(graph, sparse, 0, 1), graph.ints({rows.size(1), dim})}, 0);
  const Value tokens = graph.node("Expand", {graph.store("output_tokens", rows, Type::kFloat), sizes}, Type::kFloat);
  return concat(graph, {tokens, sparse}, 1);
}

// The requested outputs of SAM: the weights of their masks, and their scores.
struct SamOutputs {
  Value weights;  // [B,K,c]
  Value iou;      // [B,K]
};

SamOutputs sam_outputs(Graph& graph, const Value& queries, const MaskDecoderOptions& options, int64_t multimask) {
  const Value iou = mlp(graph, select(graph, queries, 1, 0), "iou_prediction_head", options.iou_head_depth);
  const auto weights_of = [&](int64_t slot) {  // [B,1,c]
    const std::string key = "output_hypernetworks_mlps." + std::to_string(slot);
    return unsqueeze(graph, mlp(graph, select(graph, queries, 1, 1 + slot), key, kMlpDepth), 1);
  };
  if (multimask == 0) return {weights_of(0), slice(graph, iou, 1, 0, 1)};

  const int64_t slots = options.num_multimask_outputs;
  std::vector<Value> parts;
  for (int64_t slot = 1; slot <= slots; ++slot) parts.push_back(weights_of(slot));
  const auto best = graph.node("TopK", {slice(graph, iou, 1, 1, slots + 1), graph.ints({multimask})},
                               std::vector<Type>{iou.type, Type::kInt64}, {{"axis", int64_t{1}}});
  const Value rows =
      graph.node("Expand", {unsqueeze(graph, best[1], -1), graph.ints({1, 1, options.transformer.embedding_dim / 8})},
                 Type::kInt64);
  const Value all = concat(graph, parts, 1);
  return {graph.node("GatherElements", {all, rows}, all.type, {{"axis", int64_t{1}}}), best[0]};
}

Value hq_weights(Graph& graph, const Value& queries, const MaskDecoderOptions& options) {
  const Value token = select(graph, queries, 1, options.hq_token());
  return unsqueeze(graph, mlp(graph, token, "hf_mlp", kMlpDepth), 1);
}

Value hq_feature(Graph& graph, const Value& upscaled, const Value& of_image) {
  const Scope scope(graph, "embedding_maskfeature");
  const Value hidden = gelu(graph, layer_norm_2d(graph, conv2d(graph, upscaled, "0", {.padding = 1}), "1"));
  return add(graph, to_float(graph, conv2d(graph, hidden, "3", {.padding = 1})), of_image);
}

// Each row's weights [B,K,c] on its features [B,c,side,side] -> [B,K,side,side]
Value dot_with_features(Graph& graph, const Value& weights, const Value& features, int64_t channels, int64_t side) {
  return reshape(graph, matmul(graph, weights, reshape(graph, features, {0, channels, -1})), {0, -1, side, side});
}

}  // namespace

Value hq_features(Graph& graph, const ImageValues& features) {
  const Value early = transpose(graph, features.early, {0, 3, 1, 2});
  return add(graph, to_float(graph, upscale4(graph, features.image_embeddings, "embedding_encoder")),
             to_float(graph, upscale4(graph, early, "compress_vit_feat", Input::kResiduals)));
}

MaskValues mask_decoder(Graph& graph, const DecoderValues& input, const MaskDecoderOptions& options, MaskKind kind,
                        int64_t multimask) {
  const int64_t dim = options.transformer.embedding_dim, side = 4 * input.grid;
  const bool hq = kind != MaskKind::kSam;
  TwoWayValues state;
  {
    const Value tokens = output_tokens(graph, input.sparse, dim, hq);
    const Value source = add(graph, input.image_embeddings, input.dense);
    const Scope scope(graph, "transformer");
    state = two_way_transformer(graph, source, input.image_pe, tokens, options.transformer);
  }
  const Value grid = reshape(graph, transpose(graph, state.keys, {0, 2, 1}), {0, dim, input.grid, input.grid});
  const Value upscaled = gelu(graph, upscale4(graph, grid, "output_upscaling"));
  Value feature;
  if (hq) feature = hq_feature(graph, upscaled, input.hq_features);

  // In fp32: it is little work, and every pixel's logit depends on it.
  const InFloat exact(graph);
  const auto sam = sam_outputs(graph, state.queries, options, multimask);
  const auto masks = [&](const Value& weights, const Value& features) {
    return dot_with_features(graph, weights, features, dim / 8, side);
  };
  if (kind == MaskKind::kSam) return {masks(sam.weights, upscaled), sam.iou};
  const Value hq_mask = masks(hq_weights(graph, state.queries, options), feature);
  if (kind == MaskKind::kHq) return {hq_mask, sam.iou};
  return {add(graph, masks(sam.weights, upscaled), hq_mask), sam.iou};
}

}  // namespace hqsam::onnx
