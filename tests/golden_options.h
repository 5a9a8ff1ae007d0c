// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "golden.h"
#include "hqsam/model/options.h"

// The options of the module that a golden is of.
namespace hqsam::testing_support {

inline ImageEncoderVitOptions vit_options(const TensorMap& map) {
  const nlohmann::json config = golden_config(map);
  ImageEncoderVitOptions options;
  config.at("img_size").get_to(options.image_size);
  config.at("patch_size").get_to(options.patch_size);
  config.at("embed_dim").get_to(options.embed_dim);
  config.at("depth").get_to(options.depth);
  config.at("num_heads").get_to(options.num_heads);
  config.at("out_chans").get_to(options.out_chans);
  config.at("window_size").get_to(options.window_size);
  config.at("global_attn_indexes").get_to(options.global_attn_indexes);
  options.mlp_dim = static_cast<int64_t>(config.at("mlp_ratio").get<double>() * static_cast<double>(options.embed_dim));
  return options;
}

inline TinyVitOptions tiny_vit_options(const TensorMap& map) {
  const nlohmann::json config = golden_config(map);
  TinyVitOptions options;
  config.at("img_size").get_to(options.image_size);
  config.at("embed_dims").get_to(options.embed_dims);
  config.at("depths").get_to(options.depths);
  config.at("num_heads").get_to(options.num_heads);
  config.at("window_sizes").get_to(options.window_sizes);
  config.at("mlp_ratio").get_to(options.mlp_ratio);
  options.expand_ratio = config.value("mbconv_expand_ratio", options.expand_ratio);
  options.out_chans = map.at("w.neck.0.weight").size(0);
  return options;
}

inline PromptEncoderOptions prompt_encoder_options(const TensorMap& map) {
  const nlohmann::json config = golden_config(map);
  PromptEncoderOptions options;
  config.at("embed_dim").get_to(options.embed_dim);
  config.at("input_image_size").at(0).get_to(options.image_size);
  config.at("image_embedding_size").at(0).get_to(options.grid);
  config.at("mask_in_chans").get_to(options.mask_in_chans);
  return options;
}

// prefix: of the decoder's tensors. Where the metadata say nothing of a size, it is the tensors'; heads are then 8.
inline MaskDecoderOptions mask_decoder_options(const TensorMap& map, const std::string& prefix) {
  const nlohmann::json config = golden_config(map);
  const auto size = [&](const std::string& key, int64_t axis) { return map.at(prefix + key).size(axis); };
  MaskDecoderOptions options;
  options.transformer.embedding_dim = config.value("transformer_dim", size("iou_token.weight", 1));
  options.transformer.mlp_dim = config.value("mlp_dim", size("transformer.layers.0.mlp.lin1.weight", 0));
  options.transformer.depth = count_numbered(map, prefix + "transformer.layers.", ".norm1.weight");
  options.transformer.num_heads = config.value("num_heads", options.transformer.num_heads);
  options.num_multimask_outputs = config.value("num_multimask_outputs", size("mask_tokens.weight", 0) - 1);
  options.iou_head_depth = count_numbered(map, prefix + "iou_prediction_head.layers.", ".weight");
  options.iou_head_hidden_dim = config.value("iou_head_hidden_dim", size("iou_prediction_head.layers.0.weight", 0));
  options.vit_dim = config.value("vit_dim", size("compress_vit_feat.0.weight", 0));
  return options;
}

}  // namespace hqsam::testing_support
