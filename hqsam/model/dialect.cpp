// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/dialect.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/model/architecture.h"
#include "hqsam/model/foreign_parts.h"
#include "hqsam/model/huggingface.h"
#include "hqsam/model/huggingface_keys.h"
#include "hqsam/model/sam_tensors.h"
#include "hqsam/tensorfile/tensor_index.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFunction = "read_checkpoint";
const std::string kDecoderPrefix = "mask_decoder.";

using Pixels = std::array<double, 3>;

// Three numbers of a tensor that is taken out of the map; nothing where it is not there.
std::optional<Pixels> take_pixels(TensorMap& map, const std::string& key) {
  const auto found =
      std::find_if(map.tensors.begin(), map.tensors.end(), [&](const auto& entry) { return entry.first == key; });
  if (found == map.tensors.end()) return std::nullopt;
  const torch::Tensor tensor = found->second.to(torch::kFloat64).reshape(-1);
  if (tensor.numel() != 3) {
    fail(kFunction, "'{}' has shape [{}], expected a number for each of R, G and B", key,
         fmt::join(found->second.sizes(), ","));
  }
  map.tensors.erase(found);
  return Pixels{tensor[0].item<double>(), tensor[1].item<double>(), tensor[2].item<double>()};
}

// Reads the pixels' mean and deviation of files that have them: of 0..255 as SAM's, or of 0..1.
void apply_pixel_statistics(TensorMap& map, SamHqOptions& options) {
  const Pixels mean = take_pixels(map, "pixel_mean").value_or(options.pixel_mean);
  const Pixels std = take_pixels(map, "pixel_std").value_or(options.pixel_std);
  const auto equal = [](const Pixels& a, const Pixels& b) {
    return std::equal(a.begin(), a.end(), b.begin(), [](double x, double y) { return std::abs(x - y) < 0.01; });
  };
  if (equal(mean, options.pixel_mean) && equal(std, options.pixel_std)) return;
  const auto within = [](const Pixels& values, double low, double high) {
    return std::all_of(values.begin(), values.end(), [&](double value) { return value >= low && value <= high; });
  };
  const bool bytes = within(std, 1.5, 255) && within(mean, 0, 255) && (within(mean, 0, 0) || !within(mean, 0, 1));
  const bool units = within(std, 0.01, 0.99) && within(mean, 0, 1);
  if (!bytes && !units) {
    fail(kFunction,
         "the file has a pixel_mean of {} and a pixel_std of {}, which are neither of pixels from 0 to 255 nor of "
         "pixels from 0 to 1: set them to the former in the file, SAM has {} and {}",
         fmt::join(mean, " "), fmt::join(std, " "), fmt::join(options.pixel_mean, " "),
         fmt::join(options.pixel_std, " "));
  }
  for (size_t i = 0; i < mean.size(); ++i) {
    options.pixel_mean.at(i) = mean.at(i) * (bytes ? 1 : 255);
    options.pixel_std.at(i) = std.at(i) * (bytes ? 1 : 255);
  }
  spdlog::info("the checkpoint's own pixel mean, {:.5g}, and deviation, {:.5g}, are used (of 0 to 255)",
               fmt::join(options.pixel_mean, " "), fmt::join(options.pixel_std, " "));
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

// A whole model needs all three modules. Throws Error saying which it has.
void check_modules(const TensorMap& map) {
  for (const char* module : {"mask_decoder.", "prompt_encoder."}) {
    if (any_key_starts_with(map, module)) continue;
    fail(kFunction,
         "this is not a SAM checkpoint but a part of one: it has an image_encoder and no {0}, no key begins "
         "with '{0}.': name the whole model",
         std::string_view(module).substr(0, std::string_view(module).size() - 1));
  }
  if (!any_key_starts_with(map, "image_encoder.patch_embed.")) {
    fail(kFunction,
         "its image encoder is neither a ViT nor a TinyViT: no key begins with 'image_encoder.patch_embed.'");
  }
}

// Files without any SAM tensors count as whole, so that the error names the missing tensors.
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

Checkpoint as_dialect(HuggingFaceModel model) {
  const bool hq = model.options.mask_decoder.vit_dim > 0;
  const char* name = hq ? "Hugging Face SamHQModel" : "Hugging Face SamModel";
  model.options.mask_decoder.like_transformers = hq;
  return {std::move(model.tensors), std::move(model.options), name, true, {}};
}

// A file with Hugging Face's names, in its folder or alone.
Checkpoint read_huggingface_file(TensorMap map, const fs::path& path) {
  const fs::path folder = fs::absolute(path).parent_path();
  if (is_huggingface_shard(path)) return as_dialect(read_huggingface(folder));
  TensorMap sam = with_sam_keys(map);
  if (!has_an_encoder(sam)) return as_checkpoint(std::move(sam));
  check_modules(sam);
  if (fs::exists(folder / "config.json")) return as_dialect(read_huggingface(map, folder));
  Checkpoint checkpoint = as_dialect(read_huggingface(map, {}));
  const double eps = checkpoint.options.mask_decoder.transformer.layer_norm_eps;
  checkpoint.assumed["config.json"] = fmt::format(
      "none lies beside the weights: sizes are from their shapes, the norms' epsilon ({}) and {} heads of the decoder "
      "from transformers' defaults",
      eps, checkpoint.options.mask_decoder.transformer.num_heads);
  return checkpoint;
}

Checkpoint read_one(const fs::path& path) {
  if (const fs::path folder = huggingface_folder(path); !folder.empty()) return as_dialect(read_huggingface(folder));
  TensorMap map = read_tensors(path, [&](const FileContents& contents) { return take_sam(contents, path.string()); });
  try {
    if (has_huggingface_keys(map)) return read_huggingface_file(std::move(map), path);
    return as_checkpoint(std::move(map));
  } catch (const Error& error) {
    const std::string message = error.what();
    if (message.find(path.string()) != std::string::npos) throw;
    throw Error(fmt::format("{} (in {})", message, path.string()));
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
  const HqOptions of_trained = hq_options_of(trained.tensors.metadata);
  base.options.mask_decoder.hq = has_hq_keys(trained.tensors) ? of_trained : hq_of_base;
  apply_pixel_statistics(base.tensors, base.options);
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
  check_parts(tensors.names());
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
  if (has_an_encoder(checkpoint.tensors)) check_modules(checkpoint.tensors);
  checkpoint.options = architecture_of(checkpoint.tensors);
  apply_pixel_statistics(checkpoint.tensors, checkpoint.options);
  apply_options_metadata(checkpoint.tensors.metadata, checkpoint.options);
  checkpoint.dialect = dialect_name(checkpoint.options);
  const bool tiny = std::holds_alternative<TinyVitOptions>(checkpoint.options.image_encoder);
  if (tiny && !checkpoint.tensors.metadata.contains(kImageSizeMetadata)) {
    checkpoint.assumed[kAssumedSize] = fmt::format(
        "{} pixels, as Light HQ-SAM's and MobileSAM's, since a TinyViT's tensors do not tell it (--image-size does)",
        checkpoint.options.image_size());
  }
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

}  // namespace hqsam
