// SPDX-License-Identifier: Apache-2.0
#include "hqsam/config/config.h"

#include <set>
#include <tuple>

#include "hqsam/config/choices.h"
#include "hqsam/config/yaml_map.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

fs::path absolute_path(const fs::path& path) { return fs::absolute(path).lexically_normal(); }

HqOptions read_hq(YamlMap map) {
  HqOptions hq;
  map.read("token", hq.token, kHqTokens);
  map.read("mask_feature", hq.mask_feature, kMaskFeatures);
  map.read("final_feature", hq.final_feature, kSwitch);
  map.read("early_feature", hq.early_feature, kSwitch);
  map.read("fpn", hq.fpn, kSwitch);
  map.finish();
  map.validate(hq);
  return hq;
}

void read_model(YamlMap map, Config& config) {
  map.read("checkpoint", config.checkpoint);
  map.read("variant", config.variant);
  if (!config.checkpoint.empty()) config.checkpoint = absolute_path(config.checkpoint).string();
  if (!config.variant.empty()) {
    map.checked([&] { variant_by_name(config.variant); });
  }
  const HqOptions hq = read_hq(map.map("hq"));
  if (map.has("hq")) config.hq = hq;
  map.finish();
}

// Sets to train on are folders of pictures and masks; sets to evaluate on have more formats.
SetOptions read_set(YamlMap map, const fs::path& root, bool any_format) {
  SetOptions options;
  map.read("name", options.name);
  if (any_format) map.read("type", options.format, kSetFormats);
  const bool big = options.format == SetFormat::kBig;
  const bool json = options.format == SetFormat::kCoco || options.format == SetFormat::kYtvis;
  if (big) options.image_ext = "_im.jpg", options.mask_ext = "_gt.png", options.coarse_ext = "_seg.png";
  const auto read_path = [&](const char* key, fs::path& path) {
    std::string text;
    map.read(key, text);
    if (!text.empty()) path = (root / text).lexically_normal();
  };
  read_path("images", options.images);
  if (json) {
    read_path("annotations", options.annotations);
    if (options.format == SetFormat::kCoco) read_path("detections", options.detections);
  } else {
    read_path("masks", options.masks);
    map.read("image_ext", options.image_ext);
    map.read("mask_ext", options.mask_ext);
    if (options.format != SetFormat::kDavis && any_format) {
      read_path("coarse", options.coarse);
      map.read("coarse_ext", options.coarse_ext);
    }
    map.read("coarsen", options.coarsen, kSwitch);
  }
  map.read("weight", options.weight);
  map.finish();
  if (options.name.empty()) map.refuse("name", "is needed: what the results call this set");
  if (options.images.empty()) map.refuse("images", "is needed: the folder of the pictures");
  if (big && options.masks.empty()) options.masks = options.images;
  if (json && options.annotations.empty()) map.refuse("annotations", "is needed: the JSON file of the masks");
  if (!json && options.masks.empty()) map.refuse("masks", "is needed: the folder of the masks");
  map.validate(options);
  return options;
}

std::vector<SetOptions> read_sets(YamlMap& data, const std::string& key, const fs::path& root, bool any_format) {
  std::vector<SetOptions> sets;
  std::set<std::string> names;
  for (const YamlMap& map : data.maps(key)) {
    sets.push_back(read_set(map, root, any_format));
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
  config.train_sets = read_sets(map, "train", base, /*any_format=*/false);
  config.valid_sets = read_sets(map, "valid", base, /*any_format=*/true);
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

void read_schedule(YamlMap map, ScheduleOptions& schedule) {
  map.read("type", schedule.type, kScheduleTypes);
  map.read("warmup_steps", schedule.warmup_steps);
  map.read("drop_after_epoch", schedule.drop_after_epoch);
  map.read("factor", schedule.factor);
  map.read("final_factor", schedule.final_factor);
  map.finish();
}

void read_validate_every(YamlMap map, ValidateEvery& every) {
  if (map.has("epochs") && map.has("steps")) map.refuse("steps", "goes alone: validate_every is in epochs or in steps");
  map.read("epochs", every.epochs);
  map.read("steps", every.steps);
  map.finish();
  if (map.has("steps") && every.steps < 1) map.refuse("steps", fmt::format("must be at least 1, got {}", every.steps));
}

void read_train(YamlMap map, TrainOptions& train) {
  map.read("objective", train.objective, kObjectives);
  map.read("trainable", train.trainable, kTrainables);
  YamlMap lora = map.map("lora");
  lora.read("rank", train.lora.rank);
  lora.read("alpha", train.lora.alpha);
  lora.finish();
  map.read("epochs", train.epochs);
  map.read("batch_size", train.batch_size);
  map.read("micro_batch", train.micro_batch);
  map.read("encoder_batch", train.encoder_batch);
  std::string cache;
  map.read("cache_features", cache);
  if (!cache.empty()) train.cache_features = absolute_path(cache);
  YamlMap loss = map.map("loss");
  loss.read("region", train.loss.region, kLossRegions);
  loss.finish();
  map.read("lr", train.lr);
  read_schedule(map.map("schedule"), train.schedule);
  map.read("clip_grad_norm", train.clip_grad_norm);
  YamlMap ema = map.map("ema");
  ema.read("decay", train.ema_decay);
  ema.finish();
  map.read("precision", train.precision, kPrecisions);
  map.read("deterministic", train.deterministic, kSwitch);
  map.read("seed", train.seed);
  read_validate_every(map.map("validate_every"), train.validate_every);
  map.read("best_metric", train.best_metric);
  map.read("patience", train.patience);
  map.read("save_minutes", train.save_minutes);
  map.read("keep_states", train.keep_states);
  map.finish();
  map.validate(train);
}

// The words of prompt_name() as origin and type.
void read_prompt(YamlMap& map, const std::string& key, EvaluateOptions& evaluate) {
  using Meaning = std::pair<PromptOrigin, PromptType>;
  static constexpr Choice<Meaning> kWords[] = {{{PromptOrigin::kTruth, PromptType::kBox}, "box"},
                                               {{PromptOrigin::kTruth, PromptType::kPoints}, "points"},
                                               {{PromptOrigin::kTruth, PromptType::kNoisyMask}, "noisy_mask"},
                                               {{PromptOrigin::kCoarseMask, PromptType::kBox}, "coarse_mask"},
                                               {{PromptOrigin::kDetector, PromptType::kBox}, "detector"},
                                               {{PromptOrigin::kClicks, PromptType::kBox}, "clicks"}};
  Meaning meaning{evaluate.origin, evaluate.prompt};
  map.read(key, meaning, kWords);
  std::tie(evaluate.origin, evaluate.prompt) = meaning;
}

// evaluate.prompts: several prompts of one evaluation.
std::vector<EvaluateOptions> read_evaluations(YamlMap& map, const EvaluateOptions& base) {
  std::vector<EvaluateOptions> evaluations;
  std::set<std::string> labels;
  for (YamlMap& prompt : map.maps("prompts")) {
    EvaluateOptions one = base;
    read_prompt(prompt, "type", one);
    if (!prompt.has("type")) prompt.refuse("type", "is needed, such as box or points");
    if (prompt_name(one) == "points") prompt.read("count", one.prompt_points);
    if (prompt_name(one) == "clicks") prompt.read("count", one.clicks);
    prompt.finish();
    prompt.validate(one);
    if (!labels.insert(prompt_label(one)).second) prompt.refuse("type", "comes twice in this list");
    evaluations.push_back(one);
  }
  if (map.has("prompts") && map.has("prompt")) map.refuse("prompt", "goes alone, or its prompt into 'prompts'");
  if (evaluations.empty()) evaluations.push_back(base);
  return evaluations;
}

void read_evaluate(YamlMap map, Config& config) {
  EvaluateOptions& evaluate = config.evaluate;
  read_prompt(map, "prompt", evaluate);
  map.read("prompt_points", evaluate.prompt_points);
  map.read("clicks", evaluate.clicks);
  map.read("protocol", evaluate.protocol, kProtocols);
  map.read("masks", evaluate.masks, kMaskKinds);
  map.read("boundary_dilation", evaluate.boundary_dilation);
  map.read("strict_dilation", evaluate.strict_dilation);
  map.read("fine_structure", evaluate.fine_structure, kSwitch);
  map.read("max_detections", evaluate.ap.max_detections);
  map.read("max_detections_in_picture", evaluate.ap.max_detections_in_picture);
  map.read("limit", evaluate.limit);
  map.read("seed", evaluate.seed);
  map.validate(evaluate);
  config.evaluations = read_evaluations(map, evaluate);
  map.finish();
}

}  // namespace

Config load_config(const fs::path& path, const std::vector<std::string>& overrides) {
  return load_config(std::vector<fs::path>{path}, overrides);
}

Config load_config(const std::vector<fs::path>& paths, const std::vector<std::string>& overrides) {
  std::vector<std::string> names;
  for (const fs::path& path : paths) names.push_back(path.string());
  const YamlFile file(names, overrides);
  YamlMap root(file, file.root(), "");
  Config config;
  std::string output;
  read_model(root.map("model"), config);
  read_data(root.map("data"), absolute_path(file.file_of("data.root")).parent_path(), config);
  read_prompts(root, config.rows);
  read_train(root.map("train"), config.train);
  read_evaluate(root.map("evaluate"), config);
  root.read("output", output);
  root.finish();
  if (config.hq && config.train.objective != Objective::kHq) {
    root.map("model").refuse("hq", "is for train.objective hq: the others train SAM without HQ modules");
  }
  if (!output.empty()) config.output = absolute_path(output);
  config.rows.seed = config.train.seed;
  if (config.image_size > 0) config.rows.image_size = config.image_size;
  return config;
}

}  // namespace hqsam
