// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "hqsam/config/config.h"
#include "hqsam/config/validation.h"

namespace hqsam {

// The folders of a config's sets, looked through now. seed: of masks that are made rough.
std::vector<NamedDataset> open_datasets(const std::vector<SetOptions>& sets, uint64_t seed);

// data.train of a config for a model of image_size pixels. Throws Error without sets, and where
// data.image_size is not the model's.
TrainingSet open_training_set(const Config& config, int64_t image_size);

// The model to train, on the CPU: model.checkpoint (objective hq: a SAM base gets fresh HQ modules, those of model.hq,
// from train.seed), or fresh weights of model.variant (the other objectives: without HQ modules); of data.image_size
// pixels, where that is not auto.
SamHq open_training_model(const Config& config);

// The validation of a run on `sets`, those of data.valid; none without such sets. Once `stop` is set it ends at once.
// Throws Error as RunValidation does.
std::shared_ptr<RunValidation> open_validation(const Config& config, std::vector<NamedDataset> sets,
                                               std::shared_ptr<Group> group, const std::atomic<bool>& stop);

}  // namespace hqsam
