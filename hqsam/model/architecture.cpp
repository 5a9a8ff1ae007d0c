// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/architecture.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/tensorfile/tensor_index.h"

namespace hqsam {
namespace {

constexpr const char* kTinyVitProbe = "image_encoder.patch_embed.seq.0.c.weight";

// Sizes of a checkpoint's tensors. Throws Error naming the tensor that does not fit SAM.
class Shapes {
 public:
  explicit Shapes(const TensorMap& map) : map_(map) {}

  int64_t size(const std::string& key, int64_t dimension) const {
    const torch::Tensor* tensor = map_.find(key);
    if (tensor == nullptr) fail("architecture_of", "this is not a SAM checkpoint: key '{}' is missing", key);
    if (dimension >= tensor->dim()) {
      fail("architecture_of", "'{}' has shape [{}], expected at least {} dimensions", key,
           fmt::join(tensor->sizes(), ","), dimension + 1);
    }
    return tensor->size(dimension);
  }
  void require_rank(const std::string& key, int64_t rank) const {
    const torch::Tensor* tensor = map_.find(key);
    if (tensor == nullptr || tensor->dim() == rank) return;
    fail("architecture_of", "'{}' has shape [{}], expected {} dimensions: this is another SAM{}", key,
         fmt::join(tensor->sizes(), ","), rank, tensor->dim() == 5 ? ", of volumes (as SAM-Med3D is)" : "");
  }
  bool has(const std::string& key) const { return map_.find(key) != nullptr; }
  // One more than the largest i of prefix<i>suffix, so that a gap is reported as a missing key, not as a smaller model.
  int64_t count(const std::string& prefix, const std::string& suffix) const {
    int64_t n = 0;
    for (const auto& [key, tensor] : map_.tensors) {
      if (!key.starts_with(prefix) || !key.ends_with(suffix) || key.size() <= prefix.size() + suffix.size()) continue;
      int64_t i = 0;
      const char *begin = key.data() + prefix.size(), *end = key.data() + key.size() - suffix.size();
      if (const auto read = std::from_chars(begin, end, i); read.ec != std::errc() || read.ptr != end) continue;
      if (i >= std::ssize(map_.tensors)) fail("architecture_of", "key '{}' counts further than there are keys", key);
      n = std::max(n, i + 1);
    }
    return n;
  }

 private:
  const TensorMap& map_;
};

// A grid as large as the windows makes all blocks look global; the variant of the same size then tells which are.
void settle_global_blocks(ImageEncoderVitOptions& options) {
  options.window_size = options.grid();
  for (const std::string& name : variant_names()) {
    const SamHqOptions variant = variant_by_name(name);
    const auto* known = std::get_if<ImageEncoderVitOptions>(&variant.image_encoder);
    if (known != nullptr && known->depth == options.depth && known->embed_dim == options.embed_dim &&
        known->window_size == options.window_size) {
      options.global_attn_indexes = known->global_attn_indexes;
    }
  }
}

ImageEncoderVitOptions vit_options(const Shapes& shapes) {
  ImageEncoderVitOptions options;
  const std::string blocks = "image_encoder.blocks.";
  options.patch_size = shapes.size("image_encoder.patch_embed.proj.weight", 2);
  if (options.patch_size < 1) fail("architecture_of", "'image_encoder.patch_embed.proj.weight' has no size");
  shapes.require_rank("image_encoder.pos_embed", 4);
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
  if (std::ssize(options.global_attn_indexes) == options.depth) settle_global_blocks(options);
  return options;
}

// TinyViT's tensors do not depend on the input size: 1024 as in Light HQ-SAM, unless the file says more.
int64_t tiny_vit_image_size(const TensorMap& checkpoint) {
  const auto found = checkpoint.metadata.find(kImageSizeMetadata);
  int64_t size = TinyVitOptions().image_size;
  if (found == checkpoint.metadata.end()) return size;
  const char* end = found->second.data() + found->second.size();
  if (const auto read = std::from_chars(found->second.data(), end, size); read.ec != std::errc() || read.ptr != end) {
    fail("architecture_of", "metadata {} is not a number of pixels: '{}'", kImageSizeMetadata,
         shown_short(found->second));
  }
  return size;
}

TinyVitOptions tiny_vit_options(const Shapes& shapes) {
  TinyVitOptions options;
  const std::string prefix = "image_encoder.";
  for (size_t stage = 0; stage < options.embed_dims.size(); ++stage) {
    const std::string blocks = fmt::format("{}layers.{}.blocks.", prefix, stage);
    const std::string probe = stage == 0 ? ".conv1.c.weight" : ".attn.qkv.weight";
    options.embed_dims[stage] = shapes.size(blocks + "0" + probe, 1);
    options.depths[stage] = shapes.count(blocks, probe);
    if (stage == 0) continue;
    options.num_heads[stage] = shapes.size(blocks + "0.attn.attention_biases", 0);
    const auto tokens = static_cast<double>(shapes.size(blocks + "0.attn.attention_biases", 1));
    options.window_sizes[stage] = std::llround(std::sqrt(tokens));
  }
  const auto ratio = [&](const std::string& key, int64_t dim) {
    return dim > 0 ? static_cast<double>(shapes.size(prefix + key, 0)) / static_cast<double>(dim) : 0;
  };
  options.expand_ratio = ratio("layers.0.blocks.0.conv1.c.weight", options.embed_dims[0]);
  options.mlp_ratio = ratio("layers.1.blocks.0.mlp.fc1.weight", options.embed_dims[1]);
  options.out_chans = shapes.size(prefix + "neck.0.weight", 0);
  if (shapes.has(prefix + "head.weight")) options.num_classes = shapes.size(prefix + "head.weight", 0);
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
  if (options.num_multimask_outputs != MaskDecoderOptions().num_multimask_outputs) {
    fail("architecture_of",
         "'mask_decoder.mask_tokens.weight' has {} tokens where SAM has {}: a model of several classes (as SAMed is), "
         "or another one with more masks, which hqsam does not have",
         options.num_multimask_outputs + 1, MaskDecoderOptions().num_multimask_outputs + 1);
  }
  options.iou_head_depth = shapes.count(prefix + "iou_prediction_head.layers.", ".weight");
  options.iou_head_hidden_dim = shapes.size(prefix + "iou_prediction_head.layers.0.weight", 0);
  return options;
}

}  // namespace

SamHqOptions architecture_of(const TensorMap& checkpoint) {
  const Shapes shapes(checkpoint);
  SamHqOptions options;
  if (shapes.has(kTinyVitProbe)) {
    options.image_encoder = tiny_vit_options(shapes);
    options.set_image_size(tiny_vit_image_size(checkpoint));
  } else {
    options.image_encoder = vit_options(shapes);
    options.set_image_size(options.image_size());
  }
  options.mask_decoder = decoder_options(shapes);
  options.mask_decoder.vit_dim = has_hq_keys(checkpoint) ? options.early_width() : 0;
  options.prompt_encoder.embed_dim = shapes.size("prompt_encoder.no_mask_embed.weight", 1);
  options.prompt_encoder.mask_in_chans = shapes.size("prompt_encoder.mask_downscaling.3.weight", 0);
  options.validate();
  return options;
}

}  // namespace hqsam
