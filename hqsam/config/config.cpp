// SPDX-License-Identifier: Apache-2.0
#include "hqsam/config/config.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <tuple>

#include "hqsam/amg/options.h"
#include "hqsam/config/choices.h"
#include "hqsam/config/read_prompts.h"
#include "hqsam/config/yaml_map.h"
#include "hqsam/core/bounds.h"
#include "hqsam/data/hqseg44k.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

fs::path absolute_path(const fs::path& path) { return fs::absolute(path).lexically_normal(); }

std::optional<double> parse_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

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

// "auto", "full" or [low, high].
void read_range(YamlMap& map, PictureOptions& picture) {
  if (!map.has("range")) return;
  const std::vector<std::string> words = map.list("range");
  if (words.size() == 1 && (words[0] == "auto" || words[0] == "full")) {
    picture.range = words[0] == "auto" ? RangeRule::kAuto : RangeRule::kFull;
    return;
  }
  const auto low = parse_number(words.empty() ? "" : words[0]), high = parse_number(words.size() == 2 ? words[1] : "");
  if (!low || !high) {
    map.refuse("range",
               fmt::format("expects auto, full or [low, high], such as [0, 4095], got [{}]", fmt::join(words, ", ")));
  }
  picture.range = RangeRule::kFixed;
  picture.low = *low;
  picture.high = *high;
}

void read_bands(YamlMap& map, PictureOptions& picture) {
  for (const std::string& word : map.list("bands")) {
    const auto band = parse_number(word);
    if (!band || *band < 1 || *band > 100000 || *band != std::floor(*band)) {
      map.refuse("bands", fmt::format("expects numbers in 1..100000, such as [4, 3, 2], got '{}'", word));
    }
    picture.bands.push_back(static_cast<int64_t>(*band));
  }
}

void read_mask_rule(YamlMap& map, MaskRule& rule) {
  map.read("mask_kind", rule.kind, kMaskFileKinds);
  if (map.has("ignore")) {
    int64_t ignore = -1;
    map.read("ignore", ignore);
    rule.ignore = ignore;
  }
  rule.select = map.list("select");
  map.read("threshold", rule.threshold);
}

void read_per_picture(YamlMap& map, SetOptions& options) {
  std::string word = "1";
  map.read("per_picture", word);
  if (word == "all") {
    options.per_picture = 0;
    return;
  }
  map.read("per_picture", options.per_picture);
  if (options.per_picture < 1) map.refuse("per_picture", fmt::format("must be all or in 1..10000, got {}", word));
}

// How a set's files are found.
void read_places(YamlMap& map, const fs::path& root, SetOptions& options) {
  const auto read_path = [&](const char* key, fs::path& path) {
    std::string text;
    map.read(key, text);
    if (!text.empty()) path = (root / text).lexically_normal();
  };
  read_path("images", options.images);
  read_path("masks", options.masks);
  read_path("annotations", options.annotations);
  read_path("detections", options.detections);
  read_path("coarse", options.coarse);
  map.read("image_ext", options.image_ext);
  map.read("mask_ext", options.mask_ext);
  map.read("mask_name", options.mask_name);
  map.read("coarse_ext", options.coarse_ext);
  map.read("split", options.split);
}

// Keys that a format has no use for are mistakes.
void check_keys(const YamlMap& map, const SetOptions& options) {
  const SetFormat format = options.format;
  const bool json = format == SetFormat::kCoco || format == SetFormat::kYtvis;
  const bool objects =
      json || format == SetFormat::kYolo || format == SetFormat::kLabelme || format == SetFormat::kSa1b;
  const auto refuse = [&](const char* key, bool useless) {
    if (useless && map.has(key)) map.refuse(key, fmt::format("is of no use to type {}", word_of(format, kSetFormats)));
  };
  for (const char* key : {"masks", "mask_ext", "mask_name", "mask_kind", "ignore", "select", "threshold", "coarse"}) {
    refuse(key, objects);
  }
  for (const char* key : {"annotations", "crowd"}) {
    refuse(key, !objects && format != SetFormat::kAuto && format != SetFormat::kTar);
  }
  refuse("detections", format != SetFormat::kCoco && format != SetFormat::kAuto);
  refuse("split", format != SetFormat::kVoc && format != SetFormat::kYolo && format != SetFormat::kAuto);
  if (json && options.annotations.empty()) map.refuse("annotations", "is needed: the JSON file of the masks");
}

SetOptions read_set(YamlMap map, const fs::path& root) {
  SetOptions options;
  map.read("name", options.name);
  map.read("type", options.format, kSetFormats);
  const bool big = options.format == SetFormat::kBig;
  if (big) options.image_ext = "_im.jpg", options.mask_ext = "_gt.png", options.coarse_ext = "_seg.png";
  read_places(map, root, options);
  read_mask_rule(map, options.mask);
  map.read("exif", options.exif, kExifRules);
  read_range(map, options.picture);
  read_bands(map, options.picture);
  map.read("crowd", options.crowd, kCrowdRules);
  read_per_picture(map, options);
  map.read("min_area", options.min_area);
  map.read("coarsen", options.coarsen, kSwitch);
  map.read("weight", options.weight);
  map.finish();
  if (options.name.empty()) map.refuse("name", "is needed: what the results call this set");
  if (options.images.empty()) map.refuse("images", "is needed: the folder of the pictures");
  if (big && options.masks.empty()) options.masks = options.images;
  if (options.format == SetFormat::kDavis && options.masks.empty()) {
    map.refuse("masks", "is needed: the folder of the masks");
  }
  check_keys(map, options);
  map.validate(options);
  return options;
}

std::vector<SetOptions> read_sets(YamlMap& data, const std::string& key, const fs::path& root) {
  std::vector<SetOptions> sets;
  std::set<std::string> names;
  for (const YamlMap& map : data.maps(key)) {
    sets.push_back(read_set(map, root));
    if (!names.insert(sets.back().name).second) {
      map.refuse("name", fmt::format("'{}' names two sets of this list", sets.back().name));
    }
  }
  return sets;
}

// data.hqseg44k: all its sets before those of data.train, and those to validate on unless data.valid is there.
void read_hqseg44k(YamlMap& map, const fs::path& base, Config& config) {
  std::string root;
  map.read("hqseg44k", root);
  const std::vector<std::string> exclude = map.list("exclude");
  if (root.empty()) {
    if (!exclude.empty()) map.refuse("exclude", "goes with hqseg44k");
    return;
  }
  HqSeg44k found;
  map.checked([&] { found = find_hqseg44k((base / root).lexically_normal(), exclude); });
  config.train_sets.insert(config.train_sets.begin(), found.train.begin(), found.train.end());
  if (!map.has("valid")) config.valid_sets = found.valid;
}

int64_t read_image_size(YamlMap& map) {
  std::string word = "auto";
  map.read("image_size", word);
  if (word == "auto") return 0;
  int64_t size = 0;
  map.read("image_size", size);
  if (size < kLeastImageSize || size > kGreatestImageSize) {
    map.refuse("image_size",
               fmt::format("must be auto or in {}..{} pixels, got {}", kLeastImageSize, kGreatestImageSize, word));
  }
  return size;
}

void read_data(YamlMap map, const fs::path& folder, Config& config) {
  std::string root;
  map.read("root", root);
  const fs::path base = (folder / root).lexically_normal();
  config.train_sets = read_sets(map, "train", base);
  config.valid_sets = read_sets(map, "valid", base);
  read_hqseg44k(map, base, config);
  config.image_size = read_image_size(map);
  map.read("workers", config.train.workers);
  map.checked([&] { require_within("", "workers", config.train.workers, 0, kMostWorkers); });
  config.evaluate.workers = config.train.workers;
  map.read("on_error", config.rows.on_error, kOnErrors);
  config.evaluate.on_error = config.rows.on_error;
  YamlMap augment = map.map("augment");
  augment.read("flip_probability", config.rows.augment.flip_probability);
  augment.read("scale_min", config.rows.augment.scale_min);
  augment.read("scale_max", config.rows.augment.scale_max);
  augment.finish();
  augment.validate(config.rows.augment);
  map.finish();
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
  if (map.has("steps") && every.steps < 1) {
    map.refuse("steps", fmt::format("must be in 1..1000000000, got {}", every.steps));
  }
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

void read_proposals(YamlMap map, AmgOptions& amg) {
  map.read("exact", amg.exact, kSwitch);
  map.read("points_per_side", amg.points_per_side);
  map.read("min_predicted_iou", amg.min_predicted_iou);
  map.read("min_stability", amg.min_stability);
  map.read("nms_iou", amg.nms_iou);
  map.read("tile", amg.tile);
  map.finish();
  map.validate(amg);
}

void read_evaluate(YamlMap map, Config& config) {
  EvaluateOptions& evaluate = config.evaluate;
  read_evaluation_prompt(map, "prompt", evaluate);
  map.read("prompt_points", evaluate.prompt_points);
  map.read("clicks", evaluate.clicks);
  map.read("protocol", evaluate.protocol, kProtocols);
  map.read("masks", evaluate.masks, kMaskKinds);
  map.read("boundary_dilation", evaluate.boundary_dilation);
  map.read("strict_dilation", evaluate.strict_dilation);
  map.read("fine_structure", evaluate.fine_structure, kSwitch);
  map.read("max_detections", evaluate.ap.max_detections);
  map.read("max_detections_in_picture", evaluate.ap.max_detections_in_picture);
  read_proposals(map.map("proposals"), evaluate.proposals);
  map.read("batch", evaluate.batch);
  map.read("limit", evaluate.limit);
  map.read("seed", evaluate.seed);
  map.validate(evaluate);
  config.evaluations = read_evaluations(map, evaluate);
  map.finish();
}

}  // namespace

Config load_config(const fs::path& path, const std::vector<std::string>& sets, const std::vector<Override>& options) {
  return load_config(std::vector<fs::path>{path}, sets, options);
}

Config load_config(const std::vector<fs::path>& paths, const std::vector<std::string>& sets,
                   const std::vector<Override>& options) {
  std::vector<std::string> names;
  for (const fs::path& path : paths) names.push_back(path.string());
  const YamlFile file(names, sets, options);
  YamlMap root(file, file.root(), "");
  Config config;
  std::string output;
  read_model(root.map("model"), config);
  read_data(root.map("data"), absolute_path(file.file_of("data.root")).parent_path(), config);
  config.rows.prompts = read_training_prompts(root);
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
