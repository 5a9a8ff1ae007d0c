// SPDX-License-Identifier: Apache-2.0
#include "hqsam/onnx/graphs.h"

#include "hqsam/onnx/modules.h"
#include "hqsam/onnx/ops.h"

namespace hqsam::onnx {
namespace {

Type compute_type(const OnnxOptions& options) { return options.dtype == OnnxDtype::kFp16 ? Type::kHalf : Type::kFloat; }

// RGB 0..255 [B,3,H,W] -> normalized, zero-padded right and bottom to [B,3,S,S]. A larger picture fails in the
// reshape, since it cannot be padded.
Value preprocess(Graph& graph, const Value& image, const SamHqOptions& options) {
  const auto per_channel = [&](const char* name, const std::array<double, 3>& values) {
    const auto tensor = torch::tensor({values[0], values[1], values[2]}, torch::kFloat64).view({1, 3, 1, 1});
    return graph.store(name, tensor, Type::kFloat);
  };
  const int64_t side = options.image_size();
  const Value centred = subtract(graph, image, per_channel("pixel_mean", options.pixel_mean));
  const Value normalized = divide(graph, centred, per_channel("pixel_std", options.pixel_std));
  const Value room = subtract(graph, graph.ints({side, side}), shape(graph, image, 2, 4));
  const Value positive = graph.node("Max", {room, graph.ints({0})}, Type::kInt64);
  const Value padded = pad(graph, normalized, concat(graph, {graph.ints({0, 0, 0, 0, 0, 0}), positive}, 0));
  return reshape(graph, padded, {0, 3, side, side});
}

// SAM's postprocess_masks: logits [B,K,M,M] -> S x S, cut to the resized picture, -> size (height, width); both
// bilinear.
Value upscale_masks(Graph& graph, const Value& logits, const Value& size, int64_t side, int64_t mask_side) {
  const Attributes bilinear = {{"mode", std::string("linear")},
                               {"coordinate_transformation_mode", std::string("half_pixel")}};
  const Value none;
  const Value rows = shape(graph, logits, 0, 2);
  const double factor = static_cast<double>(side) / static_cast<double>(mask_side);
  const Value factors =
      graph.store("mask_scales", torch::tensor({1.0, 1.0, factor, factor}, torch::kFloat64), Type::kFloat);
  const Value square = graph.node("Resize", {logits, none, factors}, Type::kFloat, bilinear);

  // longest_side_size: floor(size * side / longest + 0.5), at least 1, in whole numbers.
  const auto whole = [&](int64_t value) { return graph.scalar(static_cast<double>(value), Type::kInt64); };
  const Value longest = graph.node("ReduceMax", {size}, Type::kInt64);
  const Value doubled = add(graph, multiply(graph, size, whole(2 * side)), longest);
  const Value rounded = divide(graph, doubled, multiply(graph, longest, whole(2)));
  const Value covered = graph.node("Max", {rounded, whole(1)}, Type::kInt64);
  const Value cut = graph.node("Slice", {square, graph.ints({0, 0}), covered, graph.ints({2, 3})}, Type::kFloat);
  return graph.node("Resize", {cut, none, none, concat(graph, {rows, size}, 0)}, Type::kFloat, bilinear);
}

struct DecoderInputs {
  Value image_embeddings, hq_features, points_in_input, labels, mask, has_mask, size;
};

DecoderInputs decoder_inputs(Graph& graph, const SamHqOptions& options, bool hq) {
  const int64_t dim = options.mask_decoder.transformer.embedding_dim, grid = options.grid();
  DecoderInputs inputs;
  inputs.image_embeddings =
      graph.input("image_embeddings", Type::kFloat, {int64_t{1}, dim, grid, grid}, "of the encoder, one picture");
  if (hq) {
    inputs.hq_features = graph.input("hq_features", Type::kFloat, {int64_t{1}, dim / 8, 4 * grid, 4 * grid},
                                     "of the encoder, the same picture");
  }
  inputs.points_in_input = graph.input("point_coords", Type::kFloat, {"prompts", "points", int64_t{2}},
                                       "x y in pixels of the resized picture");
  inputs.labels = graph.input("point_labels", Type::kFloat, {"prompts", "points"},
                              "0 negative, 1 positive, 2 and 3 a box's corners, -1 padding");
  inputs.mask = graph.input("mask_input", Type::kFloat, {"masks", int64_t{1}, 4 * grid, 4 * grid},
                            "logits of an earlier call or 0/255; for each prompt, or one for all");
  inputs.has_mask = graph.input("has_mask_input", Type::kFloat, {"mask_flags"}, "1: mask_input counts, 0: it does not");
  // An integer: a runtime that computes in bf16 would round a float, SAM's own export's type (289 becomes 288).
  inputs.size = graph.input("orig_im_size", Type::kInt64, {int64_t{2}}, "height, width before resizing");
  return inputs;
}

int64_t multimask_outputs(const OnnxOptions& options, const MaskDecoderOptions& decoder) {
  if (options.multimask == Multimask::kNone) return 0;
  return masks_per_prompt(options.masks, options.multimask, decoder.num_multimask_outputs);
}

}  // namespace

Graph encoder_graph(const SamHq& model, const Weights& weights, const OnnxOptions& options) {
  const SamHqOptions& of_model = model->options();
  const int64_t dim = of_model.mask_decoder.transformer.embedding_dim, grid = of_model.grid();
  Graph graph("image_encoder", weights, compute_type(options));
  const Value image = graph.input("image", Type::kFloat, {"batch", int64_t{3}, "height", "width"},
                                  "RGB 0..255, longer side resized to the model's image size");
  ImageValues features;
  {
    const Value input = preprocess(graph, image, of_model);
    const Scope scope(graph, "image_encoder");
    if (const auto* vit = std::get_if<ImageEncoderVitOptions>(&of_model.image_encoder)) {
      features = image_encoder_vit(graph, input, *vit);
    } else {
      features = tiny_vit(graph, input, std::get<TinyVitOptions>(of_model.image_encoder));
    }
  }
  const bool hq = options.masks != MaskKind::kSam;
  Value of_hq;
  if (hq) {
    const Scope scope(graph, "mask_decoder");
    of_hq = hq_features(graph, features);
  }
  graph.output("image_embeddings", features.image_embeddings, {"batch", dim, grid, grid}, "for the decoder");
  if (hq) graph.output("hq_features", of_hq, {"batch", dim / 8, 4 * grid, 4 * grid}, "for the decoder");
  return graph;
}

Graph decoder_graph(SamHq model, const Weights& weights, const OnnxOptions& options) {
  const SamHqOptions& of_model = model->options();
  const int64_t grid = of_model.grid(), mask_side = 4 * grid;
  Graph graph("mask_decoder", weights, compute_type(options));
  const DecoderInputs inputs = decoder_inputs(graph, of_model, options.masks != MaskKind::kSam);
  DecoderValues prompted = {
      .image_embeddings = inputs.image_embeddings, .hq_features = inputs.hq_features, .grid = grid};
  {
    const Scope scope(graph, "prompt_encoder");
    const auto dense_pe = model->prompt_encoder->dense_pe().detach().cpu().flatten(2).transpose(1, 2);
    prompted.image_pe = graph.store("dense_pe", dense_pe, Type::kFloat);
    prompted.sparse = sparse_prompts(graph, inputs.points_in_input, inputs.labels, of_model.prompt_encoder);
    prompted.dense = dense_prompts(graph, inputs.mask, inputs.has_mask, of_model.prompt_encoder);
  }
  const int64_t multimask = multimask_outputs(options, of_model.mask_decoder);
  MaskValues masks;
  {
    const Scope scope(graph, "mask_decoder");
    masks = mask_decoder(graph, prompted, of_model.mask_decoder, options.masks, multimask);
  }
  const Value upscaled = upscale_masks(graph, masks.logits, inputs.size, of_model.image_size(), mask_side);
  const int64_t count = std::max<int64_t>(multimask, 1);
  graph.output("masks", upscaled, {"prompts", count, "image_height", "image_width"}, "logits: inside where > 0");
  graph.output("iou_predictions", masks.iou, {"prompts", count}, "SAM's predicted IoU");
  graph.output("low_res_masks", masks.logits, {"prompts", count, mask_side, mask_side}, "logits, for mask_input");
  return graph;
}

}  // namespace hqsam::onnx
