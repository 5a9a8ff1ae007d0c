// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/options_metadata.h"

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/tensorfile/tensor_index.h"

namespace hqsam {
namespace {

constexpr const char* kFunction = "read_checkpoint";
constexpr const char* kOptionsMetadata = "hqsam.options";

// Options that shapes do not tell, by name.
std::vector<std::pair<std::string, double*>> untold_numbers(SamHqOptions& options) {
  auto& transformer = options.mask_decoder.transformer;
  std::vector<std::pair<std::string, double*>> numbers = {
      {"mask_decoder.layer_norm_eps", &transformer.layer_norm_eps},
      {"mask_decoder.final_norm_eps", &transformer.final_norm_eps},
      {"prompt_encoder.layer_norm_eps", &options.prompt_encoder.layer_norm_eps}};
  if (auto* encoder = std::get_if<ImageEncoderVitOptions>(&options.image_encoder)) {
    numbers.emplace_back("image_encoder.layer_norm_eps", &encoder->layer_norm_eps);
  }
  for (size_t i = 0; i < options.pixel_mean.size(); ++i) {
    numbers.emplace_back(fmt::format("pixel_mean.{}", i), &options.pixel_mean.at(i));
    numbers.emplace_back(fmt::format("pixel_std.{}", i), &options.pixel_std.at(i));
  }
  return numbers;
}

constexpr const char* kHeads = "mask_decoder.num_heads";
constexpr const char* kGlobalBlocks = "image_encoder.global_attn_indexes";
constexpr const char* kHq = "mask_decoder.hq";

[[noreturn]] void damaged(const std::string& why) {
  fail(kFunction, "metadata {} is damaged: {}", kOptionsMetadata, why);
}

int64_t whole_number(const nlohmann::json& json) {
  if (!json.is_number_integer()) damaged(fmt::format("{} is not a whole number", json_shown(json)));
  return json.get<int64_t>();
}

// hqsam.options of a file; an empty object where it has none.
nlohmann::json options_json(const Metadata& metadata) {
  const auto found = metadata.find(kOptionsMetadata);
  if (found == metadata.end()) return nlohmann::json::object();
  return parse_json_object(kFunction, fmt::format("metadata {}", kOptionsMetadata), found->second);
}

HqOptions hq_options_in(const nlohmann::json& json) {
  return json.contains(kHq) ? hq_options_from_json(json.at(kHq).dump()) : HqOptions();
}

}  // namespace

HqOptions hq_options_of(const Metadata& metadata) { return hq_options_in(options_json(metadata)); }

void apply_options_metadata(const Metadata& metadata, SamHqOptions& options) {
  const auto json = options_json(metadata);
  if (json.empty()) return;
  try {
    options.mask_decoder.hq = hq_options_in(json);
    for (const auto& [name, number] : untold_numbers(options)) {
      if (json.contains(name)) *number = json.at(name).get<double>();
    }
    if (json.contains(kHeads)) options.mask_decoder.transformer.num_heads = whole_number(json.at(kHeads));
    auto* encoder = std::get_if<ImageEncoderVitOptions>(&options.image_encoder);
    if (encoder != nullptr && json.contains(kGlobalBlocks)) {
      encoder->global_attn_indexes.clear();
      for (const auto& block : json.at(kGlobalBlocks)) encoder->global_attn_indexes.push_back(whole_number(block));
    }
  } catch (const nlohmann::json::exception& error) {
    damaged(shown_short(error.what()));
  }
  options.validate();
}

Metadata options_metadata(const SamHqOptions& options) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  SamHqOptions own = options, plain;
  plain.image_encoder = options.image_encoder;
  if (auto* encoder = std::get_if<ImageEncoderVitOptions>(&plain.image_encoder)) {
    encoder->layer_norm_eps = ImageEncoderVitOptions().layer_norm_eps;
    if (encoder->window_size == encoder->grid()) json[kGlobalBlocks] = encoder->global_attn_indexes;
  }
  const auto numbers = untold_numbers(own), defaults = untold_numbers(plain);
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (*numbers[i].second != *defaults[i].second) json[numbers[i].first] = *numbers[i].second;
  }
  const int64_t heads = options.mask_decoder.transformer.num_heads;
  if (heads != TwoWayTransformerOptions().num_heads) json[kHeads] = heads;
  const MaskDecoderOptions& decoder = options.mask_decoder;
  if (decoder.vit_dim > 0 && decoder.hq != HqOptions()) {
    json[kHq] = nlohmann::ordered_json::parse(to_json(decoder.hq));
  }
  if (json.empty()) return {};
  return {{kOptionsMetadata, json.dump()}};
}

}  // namespace hqsam
