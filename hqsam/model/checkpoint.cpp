// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/checkpoint.h"

#include <algorithm>
#include <set>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

bool is_base_key(const std::string& key) { return !is_hq_key(key); }

constexpr const char* kHqProbe = "mask_decoder.hf_token.weight";

std::string first_few(const std::vector<std::string>& names) {
  const size_t shown = std::min<size_t>(names.size(), 5);
  std::string text = fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<int64_t>(shown), ", "));
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

// Sizes of a checkpoint's tensors, with an Error that names what is no SAM about it.
class Shapes {
 public:
  explicit Shapes(const TensorMap& map) : map_(map) {}

  int64_t size(const std::string& key, int64_t dimension) const {
    const torch::Tensor* tensor = map_.find(key);
    if (tensor == nullptr) fail("inspect_checkpoint", "this is no SAM checkpoint with a ViT: key '{}' is missing", key);
    if (dimension >= tensor->dim()) {
      fail("inspect_checkpoint", "'{}' has shape [{}], expected at least {} dimensions", key,
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

SamHqOptions options_of(const TensorMap& checkpoint) {
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

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

NamedTensors named_tensors(const SamHq& model) {
  NamedTensors all;
  for (const auto& item : model->named_parameters()) all.emplace_back(item.key(), item.value());
  for (const auto& item : model->named_buffers()) all.emplace_back(item.key(), item.value());
  return all;
}

std::string dtype_name(torch::ScalarType type) {
  switch (type) {
    case torch::kFloat32:
      return "fp32";
    case torch::kFloat16:
      return "fp16";
    case torch::kBFloat16:
      return "bf16";
    default:
      return std::string(torch::toString(type));
  }
}

}  // namespace

CheckpointInfo inspect_checkpoint(const TensorMap& checkpoint) {
  CheckpointInfo info;
  info.options = options_of(checkpoint);
  info.architecture = variant_name(info.options);
  const bool hq = info.options.mask_decoder.vit_dim > 0;
  info.dialect = hq ? "HQ-SAM" : "SAM";

  const SamHq model(info.options);
  std::set<std::string> wanted;
  for (const auto& [key, tensor] : named_tensors(model)) {
    wanted.insert(key);
    info.parameters += tensor.numel();
    if (is_hq_key(key)) info.hq_parameters += tensor.numel();
    if (checkpoint.find(key) == nullptr) info.missing.push_back(key);
  }
  std::map<std::string, int64_t> numbers_per_dtype;
  for (const auto& [key, tensor] : checkpoint.tensors) {
    if (!wanted.contains(key)) info.unknown.push_back(key);
    numbers_per_dtype[dtype_name(tensor.scalar_type())] += tensor.numel();
  }
  info.dtype = std::max_element(numbers_per_dtype.begin(), numbers_per_dtype.end(), [](const auto& a, const auto& b) {
                 return a.second < b.second;
               })->first;
  return info;
}

void load_tensors(SamHq& model, const TensorMap& checkpoint, bool (*wanted)(const std::string& key)) {
  torch::NoGradGuard no_grad;
  std::vector<std::string> missing;
  for (auto& [key, tensor] : named_tensors(model)) {
    if (wanted != nullptr && !wanted(key)) continue;
    const torch::Tensor* source = checkpoint.find(key);
    if (source == nullptr) {
      missing.push_back(key);
      continue;
    }
    if (source->sizes() != tensor.sizes()) {
      fail("load_tensors", "'{}' has shape [{}] in the checkpoint, the model expects [{}]", key,
           fmt::join(source->sizes(), ","), fmt::join(tensor.sizes(), ","));
    }
    tensor.copy_(*source);
  }
  if (!missing.empty()) fail("load_tensors", "the checkpoint lacks {} keys: {}", missing.size(), first_few(missing));
}

SamHq load_sam_hq(const std::filesystem::path& path, const LoadOptions& options) {
  const TensorMap checkpoint = read_tensors(path);
  CheckpointInfo info;
  try {
    info = inspect_checkpoint(checkpoint);
  } catch (const Error& error) {
    throw Error(fmt::format("{} ({})", error.what(), path.string()));
  }
  if (options.variant && *options.variant != info.architecture) {
    fail("load_sam_hq", "model.variant is {}, but {} holds {}: leave model.variant out or take another checkpoint",
         *options.variant, path.string(), info.architecture);
  }
  if (!info.missing.empty()) {
    fail("load_sam_hq", "{} lacks {} keys: {}", path.string(), info.missing.size(), first_few(info.missing));
  }
  if (!info.unknown.empty()) {
    spdlog::warn("{}: {} unknown keys are ignored: {}", path.string(), info.unknown.size(), first_few(info.unknown));
  }
  const bool sam_alone = info.options.mask_decoder.vit_dim == 0;
  const bool fresh_hq = sam_alone && options.hq == HqModules::kFresh;
  if (sam_alone && options.hq == HqModules::kRequired) {
    fail("load_sam_hq", "{} is a SAM checkpoint without HQ modules: train them first with hqsam train", path.string());
  }
  if (fresh_hq) info.options.mask_decoder.vit_dim = info.options.image_encoder.embed_dim;
  SamHq model(info.options);
  load_tensors(model, checkpoint, fresh_hq ? is_base_key : nullptr);
  if (fresh_hq) initialize(model, InitScope::kHq, options.seed);
  for (auto& parameter : model->parameters()) parameter.requires_grad_(false);
  return model;
}

TensorMap checkpoint_of(const SamHq& model, bool (*wanted)(const std::string& key)) {
  TensorMap map;
  for (const auto& [key, tensor] : named_tensors(model)) {
    if (wanted == nullptr || wanted(key)) map.set(key, tensor.detach().cpu());
  }
  map.metadata = {{"format", "pt"},
                  {"hqsam.version", "1"},
                  {"hqsam.architecture", variant_name(model->options())},
                  {"hqsam.dialect", model->has_hq() ? "HQ-SAM" : "SAM"}};
  return map;
}

}  // namespace hqsam
