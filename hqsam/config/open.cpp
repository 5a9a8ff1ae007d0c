// SPDX-License-Identifier: Apache-2.0
#include "hqsam/config/open.h"

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/model/checkpoint.h"

namespace hqsam {

std::vector<NamedDataset> open_datasets(const std::vector<FolderOptions>& sets) {
  std::vector<NamedDataset> opened;
  for (const FolderOptions& set : sets) opened.push_back({set.name, std::make_shared<FolderDataset>(set)});
  return opened;
}

TrainingSet open_training_set(const Config& config, int64_t image_size) {
  if (config.train_sets.empty()) fail("open_training_set", "data.train is empty: name at least one set to train on");
  if (config.image_size > 0 && config.image_size != image_size) {
    fail("open_training_set", "data.image_size is {}, the model's is {}: set it to auto", config.image_size,
         image_size);
  }
  RowOptions rows = config.rows;
  rows.image_size = image_size;
  std::vector<WeightedSet> sets;
  for (const FolderOptions& set : config.train_sets) sets.push_back({std::make_shared<FolderDataset>(set), set.weight});
  return TrainingSet(std::move(sets), rows);
}

SamHq open_training_model(const Config& config) {
  const bool hq = config.train.objective == Objective::kHq;
  if (!config.checkpoint.empty()) {
    if (!hq) return open_checkpoint(config.checkpoint, /*need_hq=*/false, config.variant);
    LoadOptions options;
    options.seed = config.train.seed;
    if (!config.variant.empty()) options.variant = config.variant;
    return load_sam_hq(config.checkpoint, options);
  }
  if (config.variant.empty()) {
    fail("open_training_model",
         "no model: set model.checkpoint to a SAM or HQ-SAM file, or model.variant to begin anew");
  }
  if (config.train.trainable == Trainable::kHq) {
    spdlog::warn("there is no model.checkpoint: HQ modules are trained on a SAM of random weights");
  }
  const SamHqOptions options = variant_by_name(config.variant);
  SamHq model(hq ? options : without_hq(options));
  initialize(model, InitScope::kAll, config.train.seed);
  return model;
}

SamHq open_checkpoint(const std::filesystem::path& path, bool need_hq, const std::string& variant) {
  LoadOptions options;
  options.require_hq = need_hq;
  if (!variant.empty()) options.variant = variant;
  const TensorMap checkpoint = read_tensors(path);
  if (need_hq || checkpoint.find("mask_decoder.hf_token.weight") != nullptr) return load_sam_hq(path, options);
  try {
    const CheckpointInfo info = inspect_checkpoint(checkpoint);
    if (!variant.empty() && variant != info.architecture) {
      fail("open_checkpoint", "model.variant is {}, the checkpoint holds {}", variant, info.architecture);
    }
    SamHq model(info.options);
    load_tensors(model, checkpoint);
    return model;
  } catch (const Error& error) {
    throw Error(fmt::format("{} ({})", error.what(), path.string()));
  }
}

std::function<Validation(SamHq&)> open_validation(const Config& config, std::shared_ptr<Group> group) {
  if (config.valid_sets.empty()) return {};
  EvaluateOptions options = config.evaluate;
  options.masks = {config.train.objective == Objective::kHq ? MaskKind::kHq : MaskKind::kSam};
  return [sets = open_datasets(config.valid_sets), options, group](SamHq& model) {
    const EvaluateResult result = evaluate(model, sets, options, *group);
    const std::string kind = to_string(options.masks.front());
    const auto& mean = result.mean.at(kind);
    Validation validation{mean.at("mbiou"), {}};
    for (const auto& [metric, value] : mean) validation.metrics[kind + "." + metric] = value;
    return validation;
  };
}

}  // namespace hqsam
