// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/onnx/graph.h"

// The model's modules as nodes, one function for each of hqsam/model's; keys go by the graph's scope.
namespace hqsam::onnx {

// As hqsam::ImageFeatures, with the first of the early features alone.
struct ImageValues {
  Value image_embeddings;  // [B,C,G,G]
  Value early;             // [B,G,G,vit_dim]
};
// image [B,3,S,S], normalized.
ImageValues image_encoder_vit(Graph& graph, const Value& image, const ImageEncoderVitOptions& options);
ImageValues tiny_vit(Graph& graph, const Value& image, const TinyVitOptions& options);
// Where both end: x [B,width,G,G] -> image embeddings [B,C,G,G].
Value neck(Graph& graph, const Value& x);

// points_in_input [B,N,2] in pixels, labels [B,N]: -1 not a point, 0 negative, 1 positive, 2 and 3 a
// box's corners -> [B,N,C]
Value sparse_prompts(Graph& graph, const Value& points_in_input, const Value& labels,
                     const PromptEncoderOptions& options);
// mask_input [M,1,4G,4G] where has_mask_input [M or 1] is not 0, else the model's "no mask" -> [M,C,G,G]
Value dense_prompts(Graph& graph, const Value& mask_input, const Value& has_mask_input,
                    const PromptEncoderOptions& options);

struct TwoWayValues {
  Value queries;  // [B,T,C]
  Value keys;     // [B,G*G,C]
};
// source [M,C,G,G] (M = 1 or B), image_pe [1,G*G,C], tokens [B,T,C]. One image's share is computed once as long
// as M is 1: products broadcast.
TwoWayValues two_way_transformer(Graph& graph, const Value& source, const Value& image_pe, const Value& tokens,
                                 const TwoWayTransformerOptions& options);

// The image's share of the HQ-Feature, [B,C/8,4G,4G].
Value hq_features(Graph& graph, const ImageValues& features);

struct DecoderValues {
  Value image_embeddings;  // [1,C,G,G]
  Value image_pe;          // [1,G*G,C]
  Value sparse;            // [B,N,C]
  Value dense;             // [B or 1,C,G,G]
  Value hq_features;       // [1,C/8,4G,4G]; unused by MaskKind::kSam
  int64_t grid;            // G
};
struct MaskValues {
  Value logits;  // [B,K,4G,4G]
  Value iou;     // [B,K]
};
// MaskDecoder::forward and select_masks in one: only the masks asked for are computed. multimask: how many of
// SAM's multimask outputs, sorted by predicted IoU; 0 = its single mask.
MaskValues mask_decoder(Graph& graph, const DecoderValues& input, const MaskDecoderOptions& options, MaskKind kind,
                        int64_t multimask);

}  // namespace hqsam::onnx
