// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/options.h"

#include <cmath>

#include "hqsam/core/error.h"

namespace hqsam {

void ImageEncoderVitOptions::validate() const {
  const auto require = [](bool good, const char* field, const char* rule) {
    if (!good) fail("ImageEncoderVitOptions", "{} {}", field, rule);
  };
  require(patch_size > 0, "patch_size", "must be positive");
  require(image_size > 0 && image_size % patch_size == 0, "image_size", "must be a positive multiple of patch_size");
  require(depth > 0, "depth", "must be positive");
  require(num_heads > 0 && embed_dim > 0 && embed_dim % num_heads == 0, "embed_dim",
          "must be a positive multiple of num_heads");
  require(mlp_dim > 0, "mlp_dim", "must be positive");
  require(out_chans > 0, "out_chans", "must be positive");
  require(window_size > 0, "window_size", "must be positive");
  require(layer_norm_eps > 0 && layer_norm_eps < 1, "layer_norm_eps", "must lie between 0 and 1");
  require(!global_attn_indexes.empty(), "global_attn_indexes",
          "must name a block: HQ-SAM takes its early feature from the first");
  for (int64_t index : global_attn_indexes) {
    require(index >= 0 && index < depth, "global_attn_indexes", "must lie in [0, depth)");
  }
}

void TinyVitOptions::validate() const {
  const auto require = [](bool good, const char* field, const char* rule) {
    if (!good) fail("TinyVitOptions", "{} {}", field, rule);
  };
  require(image_size > 0 && image_size % 16 == 0, "image_size", "must be a positive multiple of 16");
  for (size_t stage = 0; stage < embed_dims.size(); ++stage) {
    require(embed_dims[stage] > 1, "embed_dims", "must be at least 2");
    require(depths[stage] > 0, "depths", "must be positive");
    if (stage == 0) continue;
    require(num_heads[stage] > 0 && embed_dims[stage] % num_heads[stage] == 0, "embed_dims",
            "must be multiples of num_heads");
    require(window_sizes[stage] > 0, "window_sizes", "must be positive");
    require(keeps_resolution(embed_dims[stage]) == (stage == 3), "embed_dims",
            "must end in 320, 448 or 576, the widths whose merging keeps the resolution, and have these nowhere else");
  }
  require(mlp_ratio > 0 && expand_ratio > 0, "mlp_ratio and expand_ratio", "must be positive");
  require(out_chans > 0, "out_chans", "must be positive");
  require(num_classes >= 0, "num_classes", "must not be negative");
}

int64_t SamHqOptions::image_size() const {
  return std::visit([](const auto& encoder) { return encoder.image_size; }, image_encoder);
}

int64_t SamHqOptions::grid() const {
  return std::visit([](const auto& encoder) { return encoder.grid(); }, image_encoder);
}

int64_t SamHqOptions::early_width() const {
  return std::visit([](const auto& encoder) { return encoder.early_width(); }, image_encoder);
}

void SamHqOptions::set_image_size(int64_t pixels) {
  std::visit([&](auto& encoder) { encoder.image_size = pixels; }, image_encoder);
  prompt_encoder.image_size = pixels;
  prompt_encoder.grid = grid();
}

void SamHqOptions::validate() const {
  std::visit([](const auto& encoder) { encoder.validate(); }, image_encoder);
  const int64_t dim = mask_decoder.transformer.embedding_dim;
  const int64_t out_chans = std::visit([](const auto& encoder) { return encoder.out_chans; }, image_encoder);
  if (out_chans != dim || prompt_encoder.embed_dim != dim) {
    fail("SamHqOptions", "encoder ({}), prompts ({}) and decoder ({}) must have the same width", out_chans,
         prompt_encoder.embed_dim, dim);
  }
  if (prompt_encoder.grid != grid() || prompt_encoder.image_size != image_size()) {
    fail("SamHqOptions", "prompt encoder's grid {} and image size {} must be the image encoder's ({}, {})",
         prompt_encoder.grid, prompt_encoder.image_size, grid(), image_size());
  }
  if (mask_decoder.vit_dim != 0 && mask_decoder.vit_dim != early_width()) {
    fail("SamHqOptions", "mask_decoder.vit_dim is {}, the encoder's early feature has {} channels",
         mask_decoder.vit_dim, early_width());
  }
  if (mask_decoder.vit_dim != 0) mask_decoder.hq.validate();
  const auto& transformer = mask_decoder.transformer;
  if (transformer.num_heads < 1 || transformer.num_heads > dim || transformer.downsample_rate < 1 ||
      transformer.downsample_rate > dim) {
    fail("SamHqOptions", "the decoder's heads ({}) and downsample_rate ({}) must lie from 1 to its width {}",
         transformer.num_heads, transformer.downsample_rate, dim);
  }
  for (const double eps : {transformer.layer_norm_eps, transformer.final_norm_eps, prompt_encoder.layer_norm_eps}) {
    if (!(eps > 0 && eps < 1)) fail("SamHqOptions", "layer_norm_eps must lie between 0 and 1, got {}", eps);
  }
  for (size_t i = 0; i < pixel_std.size(); ++i) {
    const double mean = pixel_mean.at(i), std = pixel_std.at(i);
    if (!(std::abs(mean) <= 1e6 && std >= 1e-6 && std <= 1e6)) {
      fail("SamHqOptions", "the pixels' mean and deviation, of 0 to 255, cannot be {} and {}", mean, std);
    }
  }
  if (dim % 8 != 0 || dim % (transformer.num_heads * transformer.downsample_rate) != 0) {
    fail("SamHqOptions", "decoder width {} must be a multiple of 8 and of heads x downsample_rate", dim);
  }
}

}  // namespace hqsam
