// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/architecture.h"

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

constexpr const char* kHqProbe = "mask_decoder.hf_token.weight";

// Sizes of a checkpoint's tensors, with an Error that names what is no SAM about it.
class Shapes {
 public:
  explicit Shapes(const TensorMap& map) : map_(map) {}

  int64_t size(const std::string& key, int64_t dimension) const {
    const torch::Tensor* tensor = map_.find(key);
    if (tensor == nullptr) fail("architecture_of", "this is no SAM checkpoint with a ViT: key '{}' is missing", key);
    if (dimension >= tensor->dim()) {
      fail("architecture_of", "'{}' has shape [{}], expected at least {} dimensions", key,
           fmt::join(tensor->sizes(), ","), dimension + 1);
    }
    return tensor->size(dimension);
  }
  bool has(const std::string& key) const { return map_.find(key) != nullptr; }
  // How many of prefix0suffix, prefix1suffix, ... there are.
  int64_t count(const std::string& prefix, const std::string& suffix) const {
    int64_t n = 0;
    while (has(prefix + std::to_string(n) + suffix)) ++n;
    return n;
  }

 private:
  const TensorMap& map_;
};

ImageEncoderVitOptions encoder_options(const Shapes& shapes) {
  ImageEncoderVitOptions options;
  const std::string blocks = "image_encoder.blocks.";
  options.patch_size = shapes.size("image_encoder.patch_embed.proj.weight", 2);
  options.embed_dim = shapes.size("image_encoder.pos_embed", 3);
  options.image_size = shapes.size("image_encoder.pos_embed", 1) * options.patch_size;
  options.depth = shapes.count(blocks, ".attn.qkv.weight");
  options.mlp_dim = shapes.size(blocks + "0.mlp.lin1.weight", 0);
  options.out_chans = shapes.size("image_encoder.neck.0.weight", 0);
  const int64_t head_dim = shapes.size(blocks + "0.attn.rel_pos_h", 1);
  options.num_heads = head_dim > 0 ? options.embed_dim / head_dim : 0;
  options.global_attn_indexes.clear();
  for (int64_t i = 0; i < options.depth; ++i) {
    const int64_t length = shapes.size(blocks + std::to_string(i) + ".attn.rel_pos_h", 0);
    if (length == 2 * options.grid() - 1) {
      options.global_attn_indexes.push_back(i);
    } else {
      options.window_size = (length + 1) / 2;
    }
  }
  return options;
}

MaskDecoderOptions decoder_options(const Shapes& shapes) {
  MaskDecoderOptions options;
  const std::string prefix = "mask_decoder.";
  auto& transformer = options.transformer;
  transformer.embedding_dim = shapes.size(prefix + "iou_token.weight", 1);
  transformer.depth = shapes.count(prefix + "transformer.layers.", ".norm1.weight");
  transformer.mlp_dim = shapes.size(prefix + "transformer.layers.0.mlp.lin1.weight", 0);
  const int64_t inner = shapes.size(prefix + "transformer.layers.0.cross_attn_token_to_image.q_proj.weight", 0);
  transformer.downsample_rate = inner > 0 ? transformer.embedding_dim / inner : 0;
  options.num_multimask_outputs = shapes.size(prefix + "mask_tokens.weight", 0) - 1;
  options.iou_head_depth = shapes.count(prefix + "iou_prediction_head.layers.", ".weight");
  options.iou_head_hidden_dim = shapes.size(prefix + "iou_prediction_head.layers.0.weight", 0);
  options.vit_dim = shapes.has(kHqProbe) ? shapes.size(prefix + "compress_vit_feat.0.weight", 0) : 0;
  return options;
}

}  // namespace

SamHqOptions architecture_of(const TensorMap& checkpoint) {
  const Shapes shapes(checkpoint);
  SamHqOptions options;
  options.image_encoder = encoder_options(shapes);
  options.mask_decoder = decoder_options(shapes);
  options.prompt_encoder.embed_dim = shapes.size("prompt_encoder.no_mask_embed.weight", 1);
  options.prompt_encoder.mask_in_chans = shapes.size("prompt_encoder.mask_downscaling.3.weight", 0);
  options.prompt_encoder.grid = options.image_encoder.grid();
  options.prompt_encoder.image_size = options.image_encoder.image_size;
  options.validate();
  return options;
}

}  // namespace hqsam
