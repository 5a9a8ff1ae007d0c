// SPDX-License-Identifier: Apache-2.0
#include <yaml-cpp/yaml.h>

#include "hqsam/config/choices.h"
#include "hqsam/config/config.h"

namespace hqsam {
namespace {

// Text that load_config does not expand.
std::string literal(std::string text) {
  for (size_t at = 0; (at = text.find("${", at)) != std::string::npos; at += 3) text.insert(at, "$");
  return text;
}

// Shortest digits that read back to the same double.
std::string digits(double value) { return fmt::format("{}", value); }

template <class Value>
void put(YAML::Emitter& out, const char* key, const Value& value) {
  out << YAML::Key << key << YAML::Value << value;
}

void put_words(YAML::Emitter& out, const char* key, const std::vector<std::string>& words) {
  out << YAML::Key << key << YAML::Value << YAML::Flow << YAML::BeginSeq;
  for (const std::string& word : words) out << literal(word);
  out << YAML::EndSeq;
}

void put_text(YAML::Emitter& out, const char* key, const std::string& text) {
  if (!text.empty()) put(out, key, literal(text));
}

void put_mask_rule(YAML::Emitter& out, const MaskRule& rule) {
  const MaskRule standard;
  if (rule.kind != standard.kind) put(out, "mask_kind", word_of(rule.kind, kMaskFileKinds));
  if (rule.ignore) put(out, "ignore", *rule.ignore);
  if (!rule.select.empty()) put_words(out, "select", rule.select);
  if (rule.threshold != standard.threshold) put(out, "threshold", digits(rule.threshold));
}

void put_picture(YAML::Emitter& out, const PictureOptions& picture) {
  if (picture.range == RangeRule::kFull) put(out, "range", "full");
  if (picture.range == RangeRule::kFixed) put_words(out, "range", {digits(picture.low), digits(picture.high)});
  std::vector<std::string> bands;
  for (const int64_t band : picture.bands) bands.push_back(std::to_string(band));
  if (!bands.empty()) put_words(out, "bands", bands);
}

// What differs from the defaults.
void put_reading(YAML::Emitter& out, const SetOptions& set) {
  const SetOptions standard;
  put_mask_rule(out, set.mask);
  if (set.exif != standard.exif) put(out, "exif", word_of(set.exif, kExifRules));
  put_picture(out, set.picture);
  if (set.crowd != standard.crowd) put(out, "crowd", word_of(set.crowd, kCrowdRules));
  if (set.per_picture != 1) put(out, "per_picture", set.per_picture == 0 ? "all" : std::to_string(set.per_picture));
  if (set.min_area != standard.min_area) put(out, "min_area", digits(set.min_area));
  if (set.coarsen) put(out, "coarsen", word_of(set.coarsen, kSwitch));
}

void put_places(YAML::Emitter& out, const SetOptions& set) {
  if (set.format != SetFormat::kAuto) put(out, "type", word_of(set.format, kSetFormats));
  put_text(out, "annotations", set.annotations.string());
  put_text(out, "detections", set.detections.string());
  put_text(out, "masks", set.masks.string());
  put_text(out, "image_ext", set.image_ext);
  put_text(out, "mask_ext", set.mask_ext);
  put_text(out, "mask_name", set.mask_name);
  put_text(out, "split", set.split);
  if (set.coarse.empty()) return;
  put(out, "coarse", literal(set.coarse.string()));
  put(out, "coarse_ext", literal(set.coarse_ext));
}

void put_sets(YAML::Emitter& out, const char* key, const std::vector<SetOptions>& sets) {
  out << YAML::Key << key << YAML::Value << YAML::BeginSeq;
  for (const SetOptions& set : sets) {
    out << YAML::BeginMap;
    put(out, "name", literal(set.name));
    put(out, "images", literal(set.images.string()));
    put_places(out, set);
    put_reading(out, set);
    put(out, "weight", digits(set.weight));
    out << YAML::EndMap;
  }
  out << YAML::EndSeq;
}

// "key: {name: value, ...}" on one line.
void put_flow(YAML::Emitter& out, const char* key, const std::vector<std::pair<const char*, std::string>>& values) {
  out << YAML::Key << key << YAML::Value << YAML::Flow << YAML::BeginMap;
  for (const auto& [name, value] : values) put(out, name, value);
  out << YAML::EndMap;
}

void put_model(YAML::Emitter& out, const Config& config) {
  out << YAML::Key << "model" << YAML::Value << YAML::BeginMap;
  put(out, "checkpoint", literal(config.checkpoint));
  put(out, "variant", literal(config.variant));
  if (config.hq) {
    put_flow(out, "hq",
             {{"token", word_of(config.hq->token, kHqTokens)},
              {"mask_feature", word_of(config.hq->mask_feature, kMaskFeatures)},
              {"final_feature", word_of(config.hq->final_feature, kSwitch)},
              {"early_feature", word_of(config.hq->early_feature, kSwitch)},
              {"fpn", word_of(config.hq->fpn, kSwitch)}});
  }
  out << YAML::EndMap;
}

void put_data(YAML::Emitter& out, const Config& config) {
  const AugmentOptions& augment = config.rows.augment;
  out << YAML::Key << "data" << YAML::Value << YAML::BeginMap;
  put_sets(out, "train", config.train_sets);
  put_sets(out, "valid", config.valid_sets);
  put(out, "image_size", config.image_size == 0 ? "auto" : std::to_string(config.image_size));
  put(out, "workers", config.train.workers);
  if (config.rows.on_error != OnError::kStop) put(out, "on_error", word_of(config.rows.on_error, kOnErrors));
  out << YAML::Key << "augment" << YAML::Value << YAML::BeginMap;
  put(out, "flip_probability", digits(augment.flip_probability));
  put(out, "scale_min", digits(augment.scale_min));
  put(out, "scale_max", digits(augment.scale_max));
  out << YAML::EndMap << YAML::EndMap;
}

// A word for one type, a list for several.
void put_types(YAML::Emitter& out, const std::vector<PromptType>& types) {
  if (types.size() == 1) {
    put(out, "type", word_of(types.front(), kTrainingPromptTypes));
    return;
  }
  out << YAML::Key << "type" << YAML::Value << YAML::BeginSeq;
  for (const PromptType type : types) out << word_of(type, kTrainingPromptTypes);
  out << YAML::EndSeq;
}

void put_points(YAML::Emitter& out, const PromptOptions& prompt) {
  if (prompt.most_count > 0) {
    put_words(out, "count", {std::to_string(prompt.count), std::to_string(prompt.most_count)});
  } else {
    put(out, "count", prompt.count);
  }
  if (prompt.negative > 0) put(out, "negative", digits(prompt.negative));
}

void put_noise(YAML::Emitter& out, const BoxNoise& noise) {
  if (noise.share > 0) put(out, "noise", digits(noise.share));
  if (noise.cap > 0) put(out, "noise_cap", digits(noise.cap));
}

void put_kinds(YAML::Emitter& out, const std::vector<RoughKind>& kinds) {
  std::vector<std::string> words;
  for (const RoughKind kind : kinds) words.push_back(word_of(kind, kRoughKinds));
  if (!words.empty()) put_words(out, "kinds", words);
}

void put_prompts(YAML::Emitter& out, const Config& config) {
  out << YAML::Key << "prompts" << YAML::Value << YAML::BeginSeq;
  for (const PromptOptions& prompt : config.rows.prompts) {
    out << YAML::Flow << YAML::BeginMap;
    put_types(out, prompt.types);
    put(out, "weight", digits(prompt.weight));
    if (prompt.has(PromptType::kPoints)) put_points(out, prompt);
    put_noise(out, prompt.noise);
    if (prompt.has(PromptType::kRoughMask)) put_kinds(out, prompt.kinds);
    if (prompt.has(PromptType::kClicks)) {
      put(out, "rounds", prompt.clicks.rounds);
      put(out, "pauses", prompt.clicks.pauses);
      put(out, "loss", prompt.clicks.every ? "every" : "last");
    }
    out << YAML::EndMap;
  }
  out << YAML::EndSeq;
}

void put_schedule(YAML::Emitter& out, const ScheduleOptions& schedule) {
  out << YAML::Key << "schedule" << YAML::Value << YAML::Flow << YAML::BeginMap;
  put(out, "type", word_of(schedule.type, kScheduleTypes));
  put(out, "warmup_steps", schedule.warmup_steps);
  put(out, "drop_after_epoch", schedule.drop_after_epoch);
  put(out, "factor", digits(schedule.factor));
  put(out, "final_factor", digits(schedule.final_factor));
  out << YAML::EndMap;
}

void put_train(YAML::Emitter& out, const TrainOptions& train) {
  const ValidateEvery& every = train.validate_every;
  out << YAML::Key << "train" << YAML::Value << YAML::BeginMap;
  put(out, "objective", word_of(train.objective, kObjectives));
  put(out, "trainable", word_of(train.trainable, kTrainables));
  put_flow(out, "lora", {{"rank", std::to_string(train.lora.rank)}, {"alpha", digits(train.lora.alpha)}});
  put(out, "epochs", train.epochs);
  put(out, "batch_size", train.batch_size);
  put(out, "micro_batch", train.micro_batch);
  put(out, "encoder_batch", train.encoder_batch);
  if (!train.cache_features.empty()) put(out, "cache_features", literal(train.cache_features.string()));
  if (train.loss.region != LossRegion::kAll)
    put_flow(out, "loss", {{"region", word_of(train.loss.region, kLossRegions)}});
  put(out, "lr", digits(train.lr));
  put_schedule(out, train.schedule);
  put(out, "clip_grad_norm", digits(train.clip_grad_norm));
  put_flow(out, "ema", {{"decay", digits(train.ema_decay)}});
  put(out, "precision", word_of(train.precision, kPrecisions));
  put(out, "deterministic", word_of(train.deterministic, kSwitch));
  put(out, "seed", std::to_string(train.seed));
  put_flow(out, "validate_every",
           {every.steps > 0 ? std::pair{"steps", std::to_string(every.steps)}
                            : std::pair{"epochs", std::to_string(every.epochs)}});
  put(out, "best_metric", literal(train.best_metric));
  put(out, "patience", train.patience);
  put(out, "save_minutes", digits(train.save_minutes));
  put(out, "keep_states", train.keep_states);
  out << YAML::EndMap;
}

void put_prompts_of_evaluation(YAML::Emitter& out, const std::vector<EvaluateOptions>& evaluations) {
  out << YAML::Key << "prompts" << YAML::Value << YAML::BeginSeq;
  for (const EvaluateOptions& one : evaluations) {
    const std::string type = prompt_name(one);
    out << YAML::Flow << YAML::BeginMap;
    put(out, "type", type);
    if (type == "points") put(out, "count", one.prompt_points);
    if (type == "clicks") put(out, "count", one.clicks);
    put_noise(out, one.box_noise);
    put_kinds(out, one.rough_kinds);
    out << YAML::EndMap;
  }
  out << YAML::EndSeq;
}

void put_evaluate(YAML::Emitter& out, const Config& config) {
  const EvaluateOptions& evaluate = config.evaluate;
  out << YAML::Key << "evaluate" << YAML::Value << YAML::BeginMap;
  const auto has_details = [](const EvaluateOptions& one) {
    return one.box_noise != BoxNoise() || !one.rough_kinds.empty();
  };
  if (config.evaluations.size() > 1 || (!config.evaluations.empty() && has_details(config.evaluations.front()))) {
    put_prompts_of_evaluation(out, config.evaluations);
  } else {
    put(out, "prompt", prompt_name(config.evaluations.empty() ? evaluate : config.evaluations.front()));
  }
  put(out, "prompt_points", evaluate.prompt_points);
  put(out, "clicks", evaluate.clicks);
  put(out, "protocol", word_of(evaluate.protocol, kProtocols));
  out << YAML::Key << "masks" << YAML::Value << YAML::Flow << YAML::BeginSeq;
  for (MaskKind kind : evaluate.masks) out << word_of(kind, kMaskKinds);
  out << YAML::EndSeq;
  put(out, "boundary_dilation", digits(evaluate.boundary_dilation));
  put(out, "strict_dilation", digits(evaluate.strict_dilation));
  put(out, "fine_structure", word_of(evaluate.fine_structure, kSwitch));
  put(out, "max_detections", evaluate.ap.max_detections);
  put(out, "max_detections_in_picture", evaluate.ap.max_detections_in_picture);
  if (evaluate.origin == PromptOrigin::kProposals) {
    const AmgOptions& amg = evaluate.proposals;
    put_flow(out, "proposals",
             {{"exact", word_of(amg.exact, kSwitch)},
              {"points_per_side", std::to_string(amg.points_per_side)},
              {"min_predicted_iou", digits(amg.min_predicted_iou)},
              {"min_stability", digits(amg.min_stability)},
              {"nms_iou", digits(amg.nms_iou)},
              {"tile", std::to_string(amg.tile)}});
  }
  if (evaluate.batch != 1) put(out, "batch", evaluate.batch);
  put(out, "limit", evaluate.limit);
  put(out, "seed", std::to_string(evaluate.seed));
  out << YAML::EndMap;
}

}  // namespace

std::string to_yaml(const Config& config) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  put_model(out, config);
  put_data(out, config);
  put_prompts(out, config);
  put_train(out, config.train);
  put_evaluate(out, config);
  put(out, "output", literal(config.output.string()));
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

Config training_part(const Config& config) {
  const Config defaults;
  Config shaping = config;
  shaping.valid_sets.clear();
  shaping.rows.on_error = defaults.rows.on_error;
  shaping.evaluate = defaults.evaluate;
  shaping.evaluations.clear();
  shaping.output.clear();
  shaping.train.workers = defaults.train.workers;
  shaping.train.cache_features.clear();
  shaping.train.save_minutes = defaults.train.save_minutes;
  shaping.train.keep_states = defaults.train.keep_states;
  shaping.train.validate_every = defaults.train.validate_every;
  shaping.train.best_metric = defaults.train.best_metric;
  shaping.train.patience = defaults.train.patience;
  return shaping;
}

uint64_t training_fingerprint(const Config& config) { return fingerprint(to_yaml(training_part(config))); }

uint64_t validation_fingerprint(const Config& config) {
  Config validation;
  validation.valid_sets = config.valid_sets;
  validation.rows.on_error = config.rows.on_error;
  validation.evaluate = config.evaluate;
  validation.evaluations = config.evaluations;
  return fingerprint(to_yaml(validation));
}

}  // namespace hqsam
