// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/checkpoint.h"

#include <algorithm>
#include <set>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/model/architecture.h"

namespace hqsam {
namespace {

std::string first_few(const std::vector<std::string>& names) {
  const size_t shown = std::min<size_t>(names.size(), 5);
  std::string text = fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<int64_t>(shown), ", "));
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
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
  info.options = architecture_of(checkpoint);
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
