// SPDX-License-Identifier: Apache-2.0
#include "hqsam/config/config.h"

#include <set>

#include "hqsam/config/yaml_map.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

fs::path absolute_path(const fs::path& path) { return fs::absolute(path).lexically_normal(); }

void read_model(YamlMap map, Config& config) {
  map.read("checkpoint", config.checkpoint);
  map.read("variant", config.variant);
  if (!config.checkpoint.empty()) config.checkpoint = absolute_path(config.checkpoint).string();
  if (!config.variant.empty()) {
    map.checked([&] { variant_by_name(config.variant); });
  }
  map.finish();
}

FolderOptions read_set(YamlMap map, const fs::path& root) {
  FolderOptions options;
  std::string images, masks;
  map.read("name", options.name);
  map.read("images", images);
  map.read("masks", masks);
  map.read("image_ext", options.image_ext);
  map.read("mask_ext", options.mask_ext);
  map.read("coarsen", options.coarsen, kSwitch);
  map.read("weight", options.weight);
  map.finish();
  if (options.name.empty()) map.refuse("name", "is needed: what the results call this set");
  if (images.empty()) map.refuse("images", "is needed: the folder of the pictures");
  if (masks.empty()) map.refuse("masks", "is needed: the folder of the masks");
  options.images = (root / images).lexically_normal();
  options.masks = (root / masks).lexically_normal();
  map.validate(options);
  return options;
}

std::vector<FolderOptions> read_sets(YamlMap& data, const std::string& key, const fs::path& root) {
  std::vector<FolderOptions> sets;
  std::set<std::string> names;
  for (const YamlMap& map : data.maps(key)) {
    sets.push_back(read_set(map, root));
    if (!names.insert(sets.back().name).second) {
      map.refuse("name", fmt::format("'{}' names two sets of this list", sets.back().name));
    }
  }
  return sets;
}

int64_t read_image_size(YamlMap& map) {
  std::string word = "auto";
  map.read("image_size", word);
  if (word == "auto") return 0;
  int64_t size = 0;
  map.read("image_size", size);
  if (size < 1) map.refuse("image_size", fmt::format("expects auto or a number of pixels, got '{}'", word));
  return size;
}

void read_data(YamlMap map, const fs::path& folder, Config& config) {
  std::string root;
  map.read("root", root);
  const fs::path base = (folder / root).lexically_normal();
  config.train_sets = read_sets(map, "train", base);
  config.valid_sets = read_sets(map, "valid", base);
  config.image_size = read_image_size(map);
  map.read("workers", config.train.workers);
  config.evaluate.workers = config.train.workers;
  YamlMap augment = map.map("augment");
  augment.read("flip_probability", config.rows.augment.flip_probability);
  augment.read("scale_min", config.rows.augment.scale_min);
  augment.read("scale_max", config.rows.augment.scale_max);
  augment.finish();
  augment.validate(config.rows.augment);
  map.finish();
}

void read_prompts(YamlMap& root, RowOptions& rows) {
  if (!root.has("prompts")) {  // the paper's mixture
    root.maps("prompts");
    rows.prompts = {{.type = PromptType::kBox}, {.type = PromptType::kPoints}, {.type = PromptType::kNoisyMask}};
    return;
  }
  rows.prompts.clear();
  for (YamlMap& map : root.maps("prompts")) {
    PromptOptions prompt;
    map.read("type", prompt.type, kPromptTypes);
    map.read("weight", prompt.weight);
    if (prompt.type == PromptType::kPoints) map.read("count", prompt.count);
    map.finish();
    if (!map.has("type")) map.refuse("type", "is needed: box, points or noisy_mask");
    map.validate(prompt);
    rows.prompts.push_back(prompt);
  }
  if (rows.prompts.empty()) root.refuse("prompts", "needs at least one item, such as - {type: box}");
}

void read_train(YamlMap map, TrainOptions& train) {
  map.read("objective", train.objective, kObjectives);
  map.read("trainable", train.trainable, kTrainables);
  map.read("epochs", train.epochs);
  map.read("batch_size", train.batch_size);
  map.read("micro_batch", train.micro_batch);
  map.read("lr", train.lr);
  map.read("precision", train.precision, kPrecisions);
  map.read("seed", train.seed);
  map.read("save_minutes", train.save_minutes);
  YamlMap schedule = map.map("schedule");
  static constexpr Choice<int> kSchedules[] = {{0, "step"}};
  int type = 0;
  schedule.read("type", type, kSchedules);
  schedule.read("drop_after_epoch", train.schedule.drop_after_epoch);
  schedule.read("factor", train.schedule.factor);
  schedule.finish();
  map.finish();
  map.validate(train);
}

void read_evaluate(YamlMap map, EvaluateOptions& evaluate) {
  map.read("prompt", evaluate.prompt, kPromptTypes);
  map.read("prompt_points", evaluate.prompt_points);
  map.read("protocol", evaluate.protocol, kProtocols);
  map.read("masks", evaluate.masks, kMaskKinds);
  map.read("boundary_dilation", evaluate.boundary_dilation);
  map.read("limit", evaluate.limit);
  map.read("seed", evaluate.seed);
  map.finish();
  map.validate(evaluate);
}

}  // namespace

Config load_config(const fs::path& path, const std::vector<std::string>& overrides) {
  const YamlFile file(path.string(), overrides);
  YamlMap root(file, file.root(), "");
  Config config;
  std::string output;
  read_model(root.map("model"), config);
  read_data(root.map("data"), absolute_path(path).parent_path(), config);
  read_prompts(root, config.rows);
  read_train(root.map("train"), config.train);
  read_evaluate(root.map("evaluate"), config.evaluate);
  root.read("output", output);
  root.finish();
  if (!output.empty()) config.output = absolute_path(output);
  config.rows.seed = config.train.seed;
  if (config.image_size > 0) config.rows.image_size = config.image_size;
  return config;
}

}  // namespace hqsam
