// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/config/override.h"
#include "hqsam/data/set_options.h"
#include "hqsam/data/training_set.h"
#include "hqsam/evaluate/evaluate.h"
#include "hqsam/train/trainer.h"

namespace hqsam {

// A whole config file (docs and configs/ show the keys), paths resolved.
struct Config {
  std::string checkpoint;  // "" = none: a fresh model of `variant`
  std::string variant;
  std::optional<HqOptions> hq;  // which HQ modules to train; none = the checkpoint's, HQ-SAM's where it has none
  std::vector<SetOptions> train_sets, valid_sets;
  int64_t image_size = 0;  // pixels of the model's input; 0 = the checkpoint's or variant's
  RowOptions rows;         // augmentation and prompts
  TrainOptions train;
  EvaluateOptions evaluate;
  std::vector<EvaluateOptions> evaluations;  // one for each of evaluate.prompts; without that list evaluate alone
  std::filesystem::path output;
};

// Reads YAML. sets are "train.epochs=2" as from --set; options, such as {"--limit", "evaluate.limit", 5}, come after
// them, and messages name both as a user typed them. ${VAR} is expanded from the environment;
// data.root is relative to the config's folder, and the paths in the sets to it; other paths to the
// working directory. Unknown keys and values of the wrong type are Errors that name key, line and the
// nearest known key.
Config load_config(const std::filesystem::path& path, const std::vector<std::string>& sets = {},
                   const std::vector<Override>& options = {});
// Of several files, at least one, each laid over those before it: mappings join key by key, a list or a single value
// takes the earlier one's place. data.root is relative to the folder of the file that has it, else of the first.
Config load_config(const std::vector<std::filesystem::path>& paths, const std::vector<std::string>& sets = {},
                   const std::vector<Override>& options = {});

// The resolved config, absolute paths, as YAML that load_config reads back to the same.
std::string to_yaml(const Config& config);
// The config with all at its default that does not shape a training run's weights: the output folder, workers, saves,
// validation.
Config training_part(const Config& config);
// Over that part.
uint64_t training_fingerprint(const Config& config);
// Over its validation sets and how they are evaluated.
uint64_t validation_fingerprint(const Config& config);

}  // namespace hqsam
