// SPDX-License-Identifier: Apache-2.0
#include "hqsam/config/open.h"

#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/data/coarsened_dataset.h"
#include "hqsam/data/open_dataset.h"
#include "hqsam/model/checkpoint.h"

namespace hqsam {
namespace {

std::shared_ptr<const Dataset> open_coarsened(const SetOptions& set, uint64_t seed) {
  auto opened = open_dataset(set);
  if (set.coarsen) return std::make_shared<CoarsenedDataset>(std::move(opened), seed);
  return opened;
}

}  // namespace

std::vector<NamedDataset> open_datasets(const std::vector<SetOptions>& sets, uint64_t seed) {
  std::vector<NamedDataset> opened;
  for (const SetOptions& set : sets) opened.push_back({set.name, open_coarsened(set, seed)});
  return opened;
}

namespace {

WeightedSet open_weighted(const SetOptions& set, const Config& config) {
  const int64_t workers = std::max<int64_t>(config.train.workers, 1);
  WeightedSet weighted{open_coarsened(set, config.rows.seed), set.weight, set.per_picture, set.min_area, workers};
  look_before_run(set.name, *weighted.dataset, workers, config.rows.on_error);
  return weighted;
}

}  // namespace

TrainingSet open_training_set(const Config& config, int64_t image_size) {
  if (config.train_sets.empty()) fail("open_training_set", "data.train is empty: name at least one set to train on");
  if (config.image_size > 0 && config.image_size != image_size) {
    fail("open_training_set", "data.image_size is {}, the model's is {}: load the model at that size",
         config.image_size, image_size);
  }
  RowOptions rows = config.rows;
  rows.image_size = image_size;
  std::vector<WeightedSet> sets;
  for (const SetOptions& set : config.train_sets) sets.push_back(open_weighted(set, config));
  return TrainingSet(std::move(sets), rows);
}

SamHq open_training_model(const Config& config) {
  const bool hq = config.train.objective == Objective::kHq;
  if (!config.checkpoint.empty()) {
    LoadOptions options;
    options.hq = hq ? HqModules::kFresh : HqModules::kAsFound;
    options.seed = config.train.seed;
    options.weights_alone = true;
    options.hq_options = config.hq;
    if (!config.variant.empty()) options.variant = config.variant;
    if (config.image_size > 0) options.image_size = config.image_size;
    return load_sam_hq(config.checkpoint, options);
  }
  if (config.variant.empty()) {
    fail("open_training_model",
         "no model: set model.checkpoint to a SAM or HQ-SAM file, or model.variant to begin anew");
  }
  if (config.train.trainable == Trainable::kHq) {
    spdlog::warn("there is no model.checkpoint: HQ modules are trained on a SAM of random weights");
  }
  SamHqOptions options = variant_by_name(config.variant);
  if (config.image_size > 0) options.set_image_size(config.image_size);
  options.mask_decoder.hq = config.hq.value_or(HqOptions());
  SamHq model(hq ? options : without_hq(options));
  initialize(model, InitScope::kAll, config.train.seed);
  return model;
}

std::shared_ptr<RunValidation> open_validation(const Config& config, std::vector<NamedDataset> sets,
                                               std::shared_ptr<Group> group, const std::atomic<bool>& stop) {
  if (sets.empty()) return nullptr;
  return std::make_shared<RunValidation>(config, std::move(sets), std::move(group), stop);
}

}  // namespace hqsam
