// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/dialect.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/model/architecture.h"
#include "hqsam/model/huggingface.h"
#include "hqsam/model/huggingface_keys.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFunction = "read_checkpoint";
constexpr const char* kOptionsMetadata = "hqsam.options";
const std::string kDecoderPrefix = "mask_decoder.";

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

// hqsam.options of a file; an empty object where it has none.
nlohmann::json options_json(const TensorMap& map) {
  const auto found = map.metadata.find(kOptionsMetadata);
  if (found == map.metadata.end()) return nlohmann::json::object();
  auto json = nlohmann::json::parse(found->second, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) damaged("it is no JSON object");
  return json;
}

// Which HQ modules a file holds.
HqOptions hq_options_of(const nlohmann::json& json) {
  return json.contains(kHq) ? hq_options_from_json(json.at(kHq).dump()) : HqOptions();
}

void apply_metadata(const TensorMap& map, SamHqOptions& options) {
  const auto json = options_json(map);
  if (json.empty()) return;
  try {
    options.mask_decoder.hq = hq_options_of(json);
    for (const auto& [name, number] : untold_numbers(options)) {
      if (json.contains(name)) *number = json.at(name).get<double>();
    }
    if (json.contains(kHeads)) options.mask_decoder.transformer.num_heads = json.at(kHeads).get<int64_t>();
    auto* encoder = std::get_if<ImageEncoderVitOptions>(&options.image_encoder);
    if (encoder != nullptr && json.contains(kGlobalBlocks)) {
      encoder->global_attn_indexes = json.at(kGlobalBlocks).get<std::vector<int64_t>>();
    }
  } catch (const nlohmann::json::exception& error) {
    damaged(error.what());
  }
  options.validate();
}

enum class Kind { kWhole, kDecoderAlone, kTrainedKeys };

bool any_key_starts_with(const TensorMap& map, const std::string& prefix) {
  return std::any_of(map.tensors.begin(), map.tensors.end(),
                     [&](const auto& entry) { return entry.first.starts_with(prefix); });
}

// Trained keys may include qkv weights of the encoder, from low-rank terms; any other of its keys says it is all there.
bool has_an_encoder(const TensorMap& map) {
  return std::any_of(map.tensors.begin(), map.tensors.end(), [](const auto& entry) {
    return entry.first.starts_with("image_encoder.") && !entry.first.ends_with(".attn.qkv.weight");
  });
}

// Files that are no SAM at all count as whole: what they lack is then told by name.
Kind kind_of(const TensorMap& map) {
  if (has_an_encoder(map)) return Kind::kWhole;
  for (const std::string& module : MaskDecoderImpl::hq_module_names()) {
    if (any_key_starts_with(map, module + ".")) return Kind::kDecoderAlone;
  }
  if (map.find("iou_token.weight") != nullptr) return Kind::kDecoderAlone;
  return any_key_starts_with(map, kDecoderPrefix) ? Kind::kTrainedKeys : Kind::kWhole;
}

// The folder that a path leads to where it is a checkpoint of transformers, else an empty path.
fs::path huggingface_folder(const fs::path& path) {
  if (fs::is_directory(path)) return path;
  return path.filename() == "config.json" ? fs::absolute(path).parent_path() : fs::path();
}

Checkpoint read_folder(const fs::path& folder) {
  HuggingFaceModel model = read_huggingface(folder);
  const bool hq = model.options.mask_decoder.vit_dim > 0;
  const char* name = hq ? "Hugging Face SamHQModel" : "Hugging Face SamModel";
  model.options.mask_decoder.like_transformers = hq;
  return {std::move(model.tensors), std::move(model.options), name, true};
}

Checkpoint read_one(const fs::path& path) {
  if (const fs::path folder = huggingface_folder(path); !folder.empty()) return read_folder(folder);
  TensorMap map = read_tensors(path);
  if (has_huggingface_keys(map)) {
    const fs::path folder = fs::absolute(path).parent_path();
    if (fs::exists(folder / "config.json")) return read_folder(folder);
    fail(kFunction, "{} has Hugging Face's key names, but no config.json lies beside it", path.string());
  }
  try {
    return as_checkpoint(std::move(map));
  } catch (const Error& error) {
    throw Error(fmt::format("{} (in {})", error.what(), path.string()));
  }
}

// The base's tensors with the trained ones in their places.
Checkpoint over_base(Checkpoint base, const Checkpoint& trained) {
  const auto size = trained.tensors.metadata.find(kImageSizeMetadata);
  if (size != trained.tensors.metadata.end() && size->second != std::to_string(base.options.image_size())) {
    spdlog::warn("the trained keys are of a model of {0} pixels, their base has {1}: --image-size {0} gives theirs",
                 size->second, base.options.image_size());
  }
  for (const auto& [key, tensor] : trained.tensors.tensors) base.tensors.set(key, tensor);
  // The decoder's shapes are those of the trained keys; what shapes do not tell is the base's.
  const TwoWayTransformerOptions of_base = base.options.mask_decoder.transformer;
  const HqOptions hq_of_base = base.options.mask_decoder.hq;
  base.options.mask_decoder = architecture_of(base.tensors).mask_decoder;
  auto& transformer = base.options.mask_decoder.transformer;
  transformer.num_heads = of_base.num_heads;
  transformer.layer_norm_eps = of_base.layer_norm_eps;
  transformer.final_norm_eps = of_base.final_norm_eps;
  const HqOptions of_trained = hq_options_of(options_json(trained.tensors));
  base.options.mask_decoder.hq = has_hq_keys(trained.tensors) ? of_trained : hq_of_base;
  base.dialect = trained.dialect + " over " + base.dialect;
  return base;
}

}  // namespace

std::string dialect_name(const SamHqOptions& options) {
  if (options.mask_decoder.vit_dim == 0) return "SAM";
  return options.mask_decoder.hq == HqOptions() ? "HQ-SAM" : "ablation of HQ-SAM";
}

Checkpoint as_checkpoint(TensorMap tensors) {
  Checkpoint checkpoint;
  checkpoint.tensors = std::move(tensors);
  const Kind kind = kind_of(checkpoint.tensors);
  checkpoint.whole = kind == Kind::kWhole;
  if (kind == Kind::kDecoderAlone) {
    for (auto& [key, tensor] : checkpoint.tensors.tensors) key = kDecoderPrefix + key;
  }
  if (!checkpoint.whole) {
    checkpoint.dialect = kind == Kind::kDecoderAlone ? "mask decoder alone" : "trained keys alone";
    return checkpoint;
  }
  checkpoint.options = architecture_of(checkpoint.tensors);
  apply_metadata(checkpoint.tensors, checkpoint.options);
  checkpoint.dialect = dialect_name(checkpoint.options);
  return checkpoint;
}

Checkpoint read_checkpoint(const fs::path& path, const fs::path& base) {
  Checkpoint checkpoint = read_one(path);
  if (base.empty()) return checkpoint;
  if (checkpoint.whole) fail(kFunction, "{} is a whole checkpoint: leave the base out", path.string());
  Checkpoint whole = read_one(base);
  if (!whole.whole) fail(kFunction, "the base {} has no image encoder: name a whole checkpoint", base.string());
  try {
    return over_base(std::move(whole), checkpoint);
  } catch (const Error& error) {
    throw Error(fmt::format("{} ({} over {})", error.what(), path.string(), base.string()));
  }
}

std::map<std::string, std::string> options_metadata(const SamHqOptions& options) {
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
