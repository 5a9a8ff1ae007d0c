// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/huggingface_keys.h"

#include <algorithm>
#include <optional>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

// Beginnings of names; '#' stands for one number. The first row that fits is taken.
struct Renaming {
  const char *sam, *huggingface;
};
constexpr Renaming kRenamings[] = {
    {"image_encoder.pos_embed", "vision_encoder.pos_embed"},
    {"image_encoder.patch_embed.proj.", "vision_encoder.patch_embed.projection."},
    {"image_encoder.blocks.#.norm#.", "vision_encoder.layers.#.layer_norm#."},
    {"image_encoder.blocks.#.", "vision_encoder.layers.#."},
    {"image_encoder.neck.0.", "vision_encoder.neck.conv1."},
    {"image_encoder.neck.1.", "vision_encoder.neck.layer_norm1."},
    {"image_encoder.neck.2.", "vision_encoder.neck.conv2."},
    {"image_encoder.neck.3.", "vision_encoder.neck.layer_norm2."},
    {"prompt_encoder.pe_layer.positional_encoding_gaussian_matrix", "shared_image_embedding.positional_embedding"},
    {"prompt_encoder.point_embeddings.#.", "prompt_encoder.point_embed.#."},
    {"prompt_encoder.mask_downscaling.0.", "prompt_encoder.mask_embed.conv1."},
    {"prompt_encoder.mask_downscaling.1.", "prompt_encoder.mask_embed.layer_norm1."},
    {"prompt_encoder.mask_downscaling.3.", "prompt_encoder.mask_embed.conv2."},
    {"prompt_encoder.mask_downscaling.4.", "prompt_encoder.mask_embed.layer_norm2."},
    {"prompt_encoder.mask_downscaling.6.", "prompt_encoder.mask_embed.conv3."},
    {"mask_decoder.transformer.layers.#.norm#.", "mask_decoder.transformer.layers.#.layer_norm#."},
    {"mask_decoder.transformer.norm_final_attn.", "mask_decoder.transformer.layer_norm_final_attn."},
    {"mask_decoder.output_upscaling.0.", "mask_decoder.upscale_conv1."},
    {"mask_decoder.output_upscaling.1.", "mask_decoder.upscale_layer_norm."},
    {"mask_decoder.output_upscaling.3.", "mask_decoder.upscale_conv2."},
    {"mask_decoder.hf_token.", "mask_decoder.hq_token."},
    {"mask_decoder.compress_vit_feat.0.", "mask_decoder.compress_vit_conv1."},
    {"mask_decoder.compress_vit_feat.1.", "mask_decoder.compress_vit_norm."},
    {"mask_decoder.compress_vit_feat.3.", "mask_decoder.compress_vit_conv2."},
    {"mask_decoder.embedding_encoder.0.", "mask_decoder.encoder_conv1."},
    {"mask_decoder.embedding_encoder.1.", "mask_decoder.encoder_norm."},
    {"mask_decoder.embedding_encoder.3.", "mask_decoder.encoder_conv2."},
    {"mask_decoder.embedding_maskfeature.0.", "mask_decoder.mask_conv1."},
    {"mask_decoder.embedding_maskfeature.1.", "mask_decoder.mask_norm."},
    {"mask_decoder.embedding_maskfeature.3.", "mask_decoder.mask_conv2."},
};
// Perceptrons. SAM counts their layers 0 to n-1; transformers calls the first proj_in, the last proj_out and counts
// those between from 0.
constexpr Renaming kPerceptrons[] = {
    {"mask_decoder.output_hypernetworks_mlps.#.", "mask_decoder.output_hypernetworks_mlps.#."},
    {"mask_decoder.iou_prediction_head.", "mask_decoder.iou_prediction_head."},
    {"mask_decoder.hf_mlp.", "mask_decoder.hq_mask_mlp."},
};
// transformers' second name of one tensor; some of its checkpoints have only this one.
constexpr const char* kTiedEmbedding = "prompt_encoder.shared_embedding.positional_embedding";
constexpr const char* kSharedEmbedding = "shared_image_embedding.positional_embedding";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Renamed {
  std::string beginning;
  std::string_view rest;  // of the name, behind the pattern
};

// The name's beginning under another pattern, or nothing where it does not fit the first.
std::optional<Renamed> rename(std::string_view name, std::string_view from, std::string_view to) {
  std::vector<std::string_view> numbers;
  for (const char c : from) {
    size_t length = 1;
    if (c == '#') {
      length = static_cast<size_t>(std::find_if_not(name.begin(), name.end(), is_digit) - name.begin());
      if (length == 0) return std::nullopt;
      numbers.push_back(name.substr(0, length));
    } else if (name.empty() || name.front() != c) {
      return std::nullopt;
    }
    name.remove_prefix(length);
  }
  Renamed renamed{"", name};
  size_t next = 0;
  for (const char c : to) {
    if (c == '#') {
      renamed.beginning += numbers.at(next++);
    } else {
      renamed.beginning += c;
    }
  }
  return renamed;
}

// "layers.3.weight" -> 3 and "weight"; nothing for other names.
std::optional<std::pair<int64_t, std::string_view>> numbered_layer(std::string_view name) {
  constexpr std::string_view kPrefix = "layers.";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  const size_t dot = name.find('.');
  if (dot == 0 || dot > 4 || !std::all_of(name.begin(), name.begin() + static_cast<int64_t>(dot), is_digit)) {
    return std::nullopt;
  }
  return std::pair(std::stoll(std::string(name.substr(0, dot))), name.substr(dot + 1));
}

// How many numbered layers there are under this beginning.
int64_t numbered_layers(const TensorMap& map, std::string_view beginning) {
  int64_t count = 0;
  for (const auto& [name, tensor] : map.tensors) {
    if (!name.starts_with(beginning)) continue;
    if (const auto layer = numbered_layer(std::string_view(name).substr(beginning.size()))) {
      count = std::max(count, layer->first + 1);
    }
  }
  return count;
}

std::string_view beginning_of(std::string_view name, const Renamed& renamed) {
  return name.substr(0, name.size() - renamed.rest.size());
}

std::string sam_key(const std::string& name, const TensorMap& map) {
  if (name == kTiedEmbedding) return sam_key(kSharedEmbedding, map);
  for (const auto& [sam, huggingface] : kPerceptrons) {
    const auto renamed = rename(name, huggingface, sam);
    if (!renamed) continue;
    const auto layer = [&](int64_t i, std::string_view rest) {
      return fmt::format("{}layers.{}.{}", renamed->beginning, i, rest);
    };
    constexpr std::string_view kIn = "proj_in.", kOut = "proj_out.";
    const std::string_view rest = renamed->rest;
    if (rest.starts_with(kIn)) return layer(0, rest.substr(kIn.size()));
    if (rest.starts_with(kOut)) {
      return layer(numbered_layers(map, beginning_of(name, *renamed)) + 1, rest.substr(kOut.size()));
    }
    if (const auto inner = numbered_layer(rest)) return layer(inner->first + 1, inner->second);
  }
  for (const auto& [sam, huggingface] : kRenamings) {
    if (const auto renamed = rename(name, huggingface, sam)) return renamed->beginning + std::string(renamed->rest);
  }
  return name;
}

std::string huggingface_key(const std::string& name, const TensorMap& map) {
  for (const auto& [sam, huggingface] : kPerceptrons) {
    const auto renamed = rename(name, sam, huggingface);
    const auto layer = renamed ? numbered_layer(renamed->rest) : std::nullopt;
    if (!layer) continue;
    const int64_t last = numbered_layers(map, beginning_of(name, *renamed)) - 1;
    const std::string place = layer->first == 0      ? "proj_in"
                              : layer->first == last ? "proj_out"
                                                     : fmt::format("layers.{}", layer->first - 1);
    return fmt::format("{}{}.{}", renamed->beginning, place, layer->second);
  }
  for (const auto& [sam, huggingface] : kRenamings) {
    if (const auto renamed = rename(name, sam, huggingface)) return renamed->beginning + std::string(renamed->rest);
  }
  return name;
}

}  // namespace

bool has_huggingface_keys(const TensorMap& map) {
  return std::any_of(map.tensors.begin(), map.tensors.end(), [](const auto& entry) {
    const std::string& name = entry.first;
    if (name.starts_with("vision_encoder.") || name == kSharedEmbedding || name == kTiedEmbedding) return true;
    return std::any_of(std::begin(kRenamings), std::end(kRenamings),
                       [&](const Renaming& row) { return rename(name, row.huggingface, row.sam).has_value(); });
  });
}

TensorMap with_sam_keys(const TensorMap& huggingface) {
  TensorMap sam;
  for (const auto& [name, tensor] : huggingface.tensors) sam.set(sam_key(name, huggingface), tensor);
  return sam;
}

TensorMap with_huggingface_keys(const TensorMap& sam) {
  TensorMap huggingface;
  for (const auto& [name, tensor] : sam.tensors) huggingface.tensors.emplace_back(huggingface_key(name, sam), tensor);
  return huggingface;
}

}  // namespace hqsam
