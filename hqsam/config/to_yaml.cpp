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

void put_sets(YAML::Emitter& out, const char* key, const std::vector<FolderOptions>& sets) {
  out << YAML::Key << key << YAML::Value << YAML::BeginSeq;
  for (const FolderOptions& set : sets) {
    out << YAML::BeginMap;
    put(out, "name", literal(set.name));
    put(out, "images", literal(set.images.string()));
    put(out, "masks", literal(set.masks.string()));
    put(out, "image_ext", literal(set.image_ext));
    put(out, "mask_ext", literal(set.mask_ext));
    put(out, "coarsen", word_of(set.coarsen, kSwitch));
    put(out, "weight", digits(set.weight));
    out << YAML::EndMap;
  }
  out << YAML::EndSeq;
}

void put_model(YAML::Emitter& out, const Config& config) {
  out << YAML::Key << "model" << YAML::Value << YAML::BeginMap;
  put(out, "checkpoint", literal(config.checkpoint));
  put(out, "variant", literal(config.variant));
  out << YAML::EndMap;
}

void put_data(YAML::Emitter& out, const Config& config) {
  const AugmentOptions& augment = config.rows.augment;
  out << YAML::Key << "data" << YAML::Value << YAML::BeginMap;
  put_sets(out, "train", config.train_sets);
  put_sets(out, "valid", config.valid_sets);
  put(out, "image_size", config.image_size == 0 ? "auto" : std::to_string(config.image_size));
  put(out, "workers", config.train.workers);
  out << YAML::Key << "augment" << YAML::Value << YAML::BeginMap;
  put(out, "flip_probability", digits(augment.flip_probability));
  put(out, "scale_min", digits(augment.scale_min));
  put(out, "scale_max", digits(augment.scale_max));
  out << YAML::EndMap << YAML::EndMap;
}

void put_prompts(YAML::Emitter& out, const Config& config) {
  out << YAML::Key << "prompts" << YAML::Value << YAML::BeginSeq;
  for (const PromptOptions& prompt : config.rows.prompts) {
    out << YAML::Flow << YAML::BeginMap;
    put(out, "type", word_of(prompt.type, kPromptTypes));
    put(out, "weight", digits(prompt.weight));
    if (prompt.type == PromptType::kPoints) put(out, "count", prompt.count);
    out << YAML::EndMap;
  }
  out << YAML::EndSeq;
}

void put_train(YAML::Emitter& out, const TrainOptions& train) {
  out << YAML::Key << "train" << YAML::Value << YAML::BeginMap;
  put(out, "objective", word_of(train.objective, kObjectives));
  put(out, "trainable", word_of(train.trainable, kTrainables));
  put(out, "epochs", train.epochs);
  put(out, "batch_size", train.batch_size);
  put(out, "micro_batch", train.micro_batch);
  put(out, "lr", digits(train.lr));
  out << YAML::Key << "schedule" << YAML::Value << YAML::Flow << YAML::BeginMap;
  put(out, "type", "step");
  put(out, "drop_after_epoch", train.schedule.drop_after_epoch);
  put(out, "factor", digits(train.schedule.factor));
  out << YAML::EndMap;
  put(out, "precision", word_of(train.precision, kPrecisions));
  put(out, "seed", std::to_string(train.seed));
  put(out, "save_minutes", digits(train.save_minutes));
  out << YAML::EndMap;
}

void put_evaluate(YAML::Emitter& out, const EvaluateOptions& evaluate) {
  out << YAML::Key << "evaluate" << YAML::Value << YAML::BeginMap;
  put(out, "prompt", word_of(evaluate.prompt, kPromptTypes));
  put(out, "prompt_points", evaluate.prompt_points);
  put(out, "protocol", word_of(evaluate.protocol, kProtocols));
  out << YAML::Key << "masks" << YAML::Value << YAML::Flow << YAML::BeginSeq;
  for (MaskKind kind : evaluate.masks) out << word_of(kind, kMaskKinds);
  out << YAML::EndSeq;
  put(out, "boundary_dilation", digits(evaluate.boundary_dilation));
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
  put_evaluate(out, config.evaluate);
  put(out, "output", literal(config.output.string()));
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

uint64_t training_fingerprint(const Config& config) {
  const Config defaults;
  Config shaping = config;
  shaping.valid_sets.clear();
  shaping.evaluate = defaults.evaluate;
  shaping.output.clear();
  shaping.train.workers = defaults.train.workers;
  shaping.train.save_minutes = defaults.train.save_minutes;
  return fingerprint(to_yaml(shaping));
}

}  // namespace hqsam
