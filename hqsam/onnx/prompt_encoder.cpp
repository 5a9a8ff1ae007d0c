// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/prompt_encoder.h"

#include <numbers>

#include "hqsam/onnx/modules.h"
#include "hqsam/onnx/ops.h"

// In fp32 throughout: it is little work, positions of 1024 pixels have too few digits in fp16, and a mask of 0 and
// 255 goes through layer norms over four channels.
namespace hqsam::onnx {
namespace {

// Random Fourier features of pixels: [B,N,2] -> [B,N,C]
Value position_code(Graph& graph, const Value& points_in_input, int64_t image_size) {
  const std::string key = "pe_layer.positional_encoding_gaussian_matrix";
  const Value matrix = graph.store(key, graph.weight(key).to(torch::kFloat64) * (2 * std::numbers::pi), Type::kFloat);
  const Value centres = add(graph, points_in_input, graph.scalar(0.5, Type::kFloat));
  const Value unit =
      scale(graph, divide(graph, centres, graph.scalar(static_cast<double>(image_size), Type::kFloat)), 2);
  const Value angles = matmul(graph, subtract(graph, unit, graph.scalar(1, Type::kFloat)), matrix);
  return concat(graph, {graph.node("Sin", {angles}, Type::kFloat), graph.node("Cos", {angles}, Type::kFloat)}, -1);
}

}  // namespace

Value sparse_prompts(Graph& graph, const Value& points_in_input, const Value& labels,
                     const PromptEncoderOptions& options) {
  const InFloat exact(graph);
  std::vector<torch::Tensor> rows = {graph.weight("not_a_point_embed.weight")};
  for (int64_t i = 0; i < 4; ++i) rows.push_back(graph.weight("point_embeddings." + std::to_string(i) + ".weight"));
  const Value table = graph.store("point_embeddings", torch::cat(rows), Type::kFloat);

  const Value row = add(graph, graph.cast(labels, Type::kInt64), graph.scalar(1, Type::kInt64));
  const Value kind = graph.node("Gather", {table, row}, Type::kFloat, {{"axis", int64_t{0}}});
  const Value no_point = graph.node("Equal", {row, graph.scalar(0, Type::kInt64)}, Type::kBool);
  const Value position = graph.node("Where",
                                    {unsqueeze(graph, no_point, -1), graph.scalar(0, Type::kFloat),
                                     position_code(graph, points_in_input, options.image_size)},
                                    Type::kFloat);
  return add(graph, position, kind);
}

Value dense_prompts(Graph& graph, const Value& mask_input, const Value& has_mask_input,
                    const PromptEncoderOptions& options) {
  const InFloat exact(graph);
  Value mask;
  {
    const Scope scope(graph, "mask_downscaling");
    mask =
        gelu(graph, layer_norm_2d(graph, conv2d(graph, mask_input, "0", {.stride = 2}), "1", options.layer_norm_eps));
    mask = gelu(graph, layer_norm_2d(graph, conv2d(graph, mask, "3", {.stride = 2}), "4", options.layer_norm_eps));
    mask = conv2d(graph, mask, "6");
  }
  const auto& plain = graph.weight("no_mask_embed.weight");
  const Value no_mask = graph.store("no_mask_embed.weight", plain.view({1, options.embed_dim, 1, 1}), Type::kFloat);
  const Value given = reshape(graph, graph.cast(has_mask_input, Type::kBool), {-1, 1, 1, 1});
  return graph.node("Where", {given, mask, no_mask}, Type::kFloat);
}

}  // namespace hqsam::onnx
