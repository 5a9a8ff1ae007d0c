// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hqsam/config/config.h"
#include "hqsam/train/run.h"

namespace hqsam {

// The folders of a config's sets, looked through now. seed: of masks that are made rough.
std::vector<NamedDataset> open_datasets(const std::vector<FolderOptions>& sets, uint64_t seed);

// data.train of a config for a model of image_size pixels. Throws Error without sets, and where
// data.image_size is not the model's: position embeddings fix that.
TrainingSet open_training_set(const Config& config, int64_t image_size);

// The model to train, on the CPU: model.checkpoint (objective hq: a SAM base gets fresh HQ modules from
// train.seed), or fresh weights of model.variant (objective sam: without HQ modules).
SamHq open_training_model(const Config& config);

// What a run checks after each epoch: data.valid with the masks of its objective, scored by their mean mBIoU.
// Empty without such sets.
std::function<Validation(SamHq&)> open_validation(const Config& config, std::shared_ptr<Group> group);

}  // namespace hqsam
