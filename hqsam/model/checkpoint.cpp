// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/checkpoint.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "hqsam/core/clock.h"
#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/model/architecture.h"
#include "hqsam/model/foreign_parts.h"
#include "hqsam/model/lora.h"
#include "hqsam/model/resize_checkpoint.h"
#include "hqsam/model/unfilled.h"

namespace hqsam {
namespace {

constexpr size_t kMostNearest = 100;  // unknown or missing keys for which a nearest name is looked for

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

// The type that most numbers have.
std::string main_dtype(const TensorMap& map) {
  std::map<std::string, int64_t> numbers;
  for (const auto& [key, tensor] : map.tensors) numbers[dtype_name(tensor.scalar_type())] += tensor.numel();
  const auto fewer = [](const auto& a, const auto& b) { return a.second < b.second; };
  return numbers.empty() ? "" : std::max_element(numbers.begin(), numbers.end(), fewer)->first;
}

void count(CheckpointInfo& info, const std::string& key, const torch::Tensor& tensor) {
  info.parameters += tensor.numel();
  if (is_hq_key(key)) info.hq_parameters += tensor.numel();
}

void find_nearest(CheckpointInfo& info, const std::vector<std::string>& names,
                  const std::vector<std::string>& candidates) {
  for (size_t i = 0; i < std::min(names.size(), kMostNearest); ++i) {
    const std::string nearest = nearest_name(names[i], candidates);
    if (!nearest.empty()) info.nearest[names[i]] = nearest;
  }
}

// The first missing key and the file's similar key, if there is one.
std::string hint(const CheckpointInfo& info) {
  for (const std::string& key : info.missing) {
    const auto found = info.nearest.find(key);
    if (found != info.nearest.end()) return fmt::format("; its unknown '{}' may be '{}'", found->second, key);
  }
  return "";
}

void check_complete(const CheckpointInfo& info, const std::filesystem::path& path, const LoadOptions& options) {
  if (!info.whole) {
    fail("load_sam_hq", "{} holds the {}, without an image encoder: name the SAM it belongs to with --base",
         path.string(), info.dialect);
  }
  if (options.variant && *options.variant != info.architecture) {
    fail("load_sam_hq", "model.variant is {}, but {} holds {}: leave model.variant out or take another checkpoint",
         *options.variant, path.string(), info.architecture);
  }
  if (!info.missing.empty()) {
    fail("load_sam_hq", "{} lacks {} keys of {}: {}{}", path.string(), info.missing.size(), info.architecture,
         first_few(info.missing), hint(info));
  }
  if (!info.reshaped.empty()) {
    fail("load_sam_hq",
         "{} tensors of {} have other shapes than {} as the rest tells it, so it is pruned or another "
         "model: {}",
         info.reshaped.size(), path.string(), info.architecture, first_few(info.reshaped));
  }
  if (info.unknown.empty()) return;
  if (!options.base.empty()) {
    fail("load_sam_hq", "{} keys of {} do not belong to {}: {}; is {} the base that was trained?", info.unknown.size(),
         path.string(), info.architecture, first_few(info.unknown), options.base.string());
  }
  fail("load_sam_hq", "{} has {} tensors in SAM's modules that {} lacks, so it is another model: {}", path.string(),
       info.unknown.size(), info.architecture, first_few(info.unknown));
}

void check_finite(const TensorMap& tensors, const std::filesystem::path& path) {
  const auto spoilt = not_finite(tensors);
  if (spoilt.empty()) return;
  int64_t numbers = 0;
  for (const auto& [key, count] : spoilt) numbers += count;
  fail("load_sam_hq", "{} is spoilt: {} numbers in {} tensors are NaN or infinite, the first in '{}'", path.string(),
       numbers, spoilt.size(), spoilt.front().first);
}

}  // namespace

CheckpointInfo inspect_checkpoint(const Checkpoint& checkpoint) {
  CheckpointInfo info;
  info.options = checkpoint.options;
  info.whole = checkpoint.whole;
  info.dialect = checkpoint.dialect;
  info.dtype = main_dtype(checkpoint.tensors);
  info.assumed = checkpoint.assumed;
  if (!info.whole) {
    for (const auto& [key, tensor] : checkpoint.tensors.tensors) count(info, key, tensor);
    return info;
  }
  info.architecture = variant_name(info.options);
  const std::vector<std::string> names = checkpoint.tensors.names();
  std::map<std::string, const torch::Tensor*> present;
  for (const auto& [key, tensor] : checkpoint.tensors.tensors) present[key] = &tensor;
  std::set<std::string> wanted;
  for (const auto& [key, tensor] : named_tensors(make_unfilled(info.options))) {
    wanted.insert(key);
    count(info, key, tensor);
    const auto found = present.find(key);
    if (found == present.end()) {
      info.missing.push_back(key);
    } else if (found->second->sizes() != tensor.sizes()) {
      info.reshaped.push_back(fmt::format("'{}' is [{}], not [{}]", key, fmt::join(found->second->sizes(), ","),
                                          fmt::join(tensor.sizes(), ",")));
    }
  }
  for (const std::string& key : names) {
    if (!wanted.contains(key) && !is_bookkeeping(key)) info.unknown.push_back(key);
  }
  find_nearest(info, info.unknown, {wanted.begin(), wanted.end()});
  find_nearest(info, info.missing, info.unknown);
  return info;
}

CheckpointInfo inspect_checkpoint(const TensorMap& tensors) { return inspect_checkpoint(as_checkpoint(tensors)); }

std::vector<std::pair<std::string, int64_t>> not_finite(const TensorMap& tensors) {
  std::vector<std::pair<std::string, int64_t>> found;
  for (const auto& [key, tensor] : tensors.tensors) {
    if (!tensor.is_floating_point()) continue;
    // One pass without temporaries: a sum is finite only where all numbers are. Those too large to add are counted.
    if (std::isfinite(tensor.sum().item<double>())) continue;
    const int64_t count = tensor.isfinite().logical_not().sum().item<int64_t>();
    if (count > 0) found.emplace_back(key, count);
  }
  return found;
}

void load_tensors(SamHq& model, const TensorMap& checkpoint, bool (*wanted)(const std::string& key)) {
  torch::NoGradGuard no_grad;
  std::map<std::string, const torch::Tensor*> sources;
  for (const auto& [key, tensor] : checkpoint.tensors) sources[key] = &tensor;
  std::vector<std::string> missing;
  for (auto& [key, tensor] : named_tensors(model)) {
    if (wanted != nullptr && !wanted(key)) continue;
    const auto source = sources.find(key);
    if (source == sources.end()) {
      missing.push_back(key);
      continue;
    }
    if (source->second->sizes() != tensor.sizes()) {
      fail("load_tensors", "'{}' has shape [{}] in the checkpoint, the model expects [{}]", key,
           fmt::join(source->second->sizes(), ","), fmt::join(tensor.sizes(), ","));
    }
    tensor.set_data(source->second->to(tensor.device(), tensor.scalar_type()).contiguous());
  }
  if (!missing.empty()) fail("load_tensors", "the checkpoint lacks {} keys: {}", missing.size(), first_few(missing));
}

SamHq load_sam_hq(const std::filesystem::path& path, const LoadOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  Checkpoint checkpoint = read_checkpoint(path, options.base);
  CheckpointInfo info = inspect_checkpoint(checkpoint);
  check_complete(info, path, options);
  for (const auto& [name, value] : checkpoint.assumed) {
    if (name != kAssumedSize || !options.image_size) spdlog::info("{}: assumed: {}: {}", path.string(), name, value);
  }
  const bool sam_alone = info.options.mask_decoder.vit_dim == 0;
  const bool fresh_hq = sam_alone && options.hq == HqModules::kFresh;
  if (sam_alone && options.hq == HqModules::kRequired) {
    fail("load_sam_hq",
         "{} is a SAM checkpoint without HQ modules: take SAM's own masks (--masks sam), or train HQ modules on it "
         "(hqsam train)",
         path.string());
  }
  check_finite(checkpoint.tensors, path);
  bool& like_transformers = info.options.mask_decoder.like_transformers;
  if (options.weights_alone) like_transformers = false;
  if (like_transformers) {
    spdlog::warn(
        "{}: masks are made as transformers' SamHQModel makes them, not as SysCV's code does; for those, export "
        "it as pth first",
        path.string());
  }
  MaskDecoderOptions& decoder = info.options.mask_decoder;
  if (fresh_hq) {
    decoder.vit_dim = info.options.early_width();
    decoder.hq = options.hq_options.value_or(HqOptions());
  } else if (!sam_alone && options.hq_options && *options.hq_options != decoder.hq) {
    fail("load_sam_hq",
         "{} has HQ modules already, {} and not the {} asked for: leave model.hq out or begin with a SAM",
         path.string(), to_json(decoder.hq), to_json(*options.hq_options));
  }
  if (options.image_size) {
    checkpoint.tensors = resize_checkpoint(std::move(checkpoint.tensors), info.options, *options.image_size);
    info.options.set_image_size(*options.image_size);
  }
  SamHq model = make_unfilled(info.options);
  load_tensors(model, checkpoint.tensors, fresh_hq ? is_base_key : nullptr);
  if (fresh_hq) initialize(model, InitScope::kHq, options.seed);
  for (auto& parameter : model->parameters()) parameter.requires_grad_(false);
  spdlog::debug("{}: loaded in {:.3f} s", path.string(), seconds_since(start));
  return model;
}

TensorMap checkpoint_of(const SamHq& model, bool (*wanted)(const std::string& key)) {
  TensorMap map;
  for (const auto& [key, tensor] : named_tensors(model)) {
    if (wanted == nullptr || wanted(key)) map.tensors.emplace_back(key, tensor.detach().cpu());
  }
  for (auto& [key, weight] : merged_lora_weights(*model)) {
    if (wanted == nullptr || wanted(key)) map.set(key, std::move(weight));
  }
  map.metadata = options_metadata(model->options());
  map.metadata["format"] = "pt";
  map.metadata["hqsam.version"] = "1";
  map.metadata["hqsam.architecture"] = variant_name(model->options());
  map.metadata["hqsam.dialect"] = dialect_name(model->options());
  map.metadata[kImageSizeMetadata] = std::to_string(model->image_size());
  return map;
}

}  // namespace hqsam
