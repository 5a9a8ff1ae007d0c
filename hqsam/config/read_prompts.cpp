// SPDX-License-Identifier: Apache-2.0
#include "hqsam/config/read_prompts.h"

#include <charconv>
#include <set>
#include <tuple>

#include "hqsam/core/bounds.h"
#include "hqsam/evaluate/prompt_words.h"

namespace hqsam {
namespace {

constexpr Choice<bool> kLossRounds[] = {{true, "every"}, {false, "last"}};

int64_t read_count(const YamlMap& map, const std::string& word) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), count);
  if (error != std::errc() || end != word.data() + word.size()) {
    map.refuse("count", fmt::format("expects a whole number, got '{}'", word));
  }
  return count;
}

// A number, or [least, most].
void read_counts(YamlMap& map, PromptOptions& prompt) {
  if (!map.has("count")) return;
  const std::vector<std::string> words = map.list("count");
  if (words.empty() || words.size() > 2) {
    map.refuse("count", fmt::format("expects a number or [least, most], got {} values", words.size()));
  }
  prompt.count = read_count(map, words.front());
  if (words.size() == 1) return;
  prompt.most_count = read_count(map, words.back());
  if (prompt.count < 1 || prompt.most_count < prompt.count) {
    map.refuse("count", fmt::format("expects [least, most], got [{}, {}]", words.front(), words.back()));
  }
}

void read_noise(YamlMap& map, BoxNoise& noise) {
  map.read("noise", noise.share);
  map.read("noise_cap", noise.cap);
}

PromptOptions read_training_prompt(YamlMap& map) {
  PromptOptions prompt;
  map.read("type", prompt.types, kTrainingPromptTypes);
  map.read("weight", prompt.weight);
  const bool clicks = prompt.has(PromptType::kClicks);
  if (prompt.has(PromptType::kPoints)) {
    read_counts(map, prompt);
    map.read("negative", prompt.negative);
  }
  const bool box = prompt.has(PromptType::kBox) || prompt.has(PromptType::kOwnMask);
  if (box || (clicks && prompt.types.size() == 1)) read_noise(map, prompt.noise);
  if (prompt.has(PromptType::kRoughMask)) map.read("kinds", prompt.kinds, kRoughKinds);
  if (clicks) {
    map.read("rounds", prompt.clicks.rounds);
    map.read("pauses", prompt.clicks.pauses);
    map.read("loss", prompt.clicks.every, kLossRounds);
  }
  map.finish();
  if (!map.has("type")) {
    map.refuse("type",
               "is needed: box, points, noisy_mask, rough_mask, own_mask or clicks, or a list of these for a prompt of "
               "several");
  }
  map.validate(prompt);
  return prompt;
}

}  // namespace

std::vector<PromptOptions> read_training_prompts(YamlMap& root) {
  std::vector<PromptOptions> prompts;
  for (YamlMap& map : root.maps("prompts")) prompts.push_back(read_training_prompt(map));
  if (!root.has("prompts")) {  // the paper's mixture
    return {{.types = {PromptType::kBox}}, {.types = {PromptType::kPoints}}, {.types = {PromptType::kNoisyMask}}};
  }
  if (prompts.empty()) root.refuse("prompts", "needs at least one item, such as - {type: box}");
  return prompts;
}

void read_evaluation_prompt(YamlMap& map, const std::string& key, EvaluateOptions& evaluate) {
  using Meaning = std::pair<PromptOrigin, PromptType>;
  constexpr size_t kTypes = std::size(kPromptTypes);
  Choice<Meaning> choices[kTypes + std::size(kPromptOrigins)];
  for (size_t i = 0; i < std::size(choices); ++i) {
    if (i < kTypes) {
      choices[i] = {{PromptOrigin::kTruth, kPromptTypes[i].first}, kPromptTypes[i].second};
    } else {
      const auto& [origin, word] = kPromptOrigins[i - kTypes];
      choices[i] = {{origin, PromptType::kBox}, word};
    }
  }
  Meaning meaning{evaluate.origin, evaluate.prompt};
  map.read(key, meaning, choices);
  std::tie(evaluate.origin, evaluate.prompt) = meaning;
}

std::vector<EvaluateOptions> read_evaluations(YamlMap& map, const EvaluateOptions& base) {
  std::vector<EvaluateOptions> evaluations;
  std::set<std::string> labels;
  for (YamlMap& prompt : map.maps("prompts")) {
    EvaluateOptions one = base;
    read_evaluation_prompt(prompt, "type", one);
    if (!prompt.has("type")) prompt.refuse("type", "is needed, such as box or points");
    const std::string name = prompt_name(one);
    if (name == "points") prompt.read("count", one.prompt_points);
    if (name == "clicks") prompt.read("count", one.clicks);
    if (name == "box") read_noise(prompt, one.box_noise);
    if (name == "rough_mask") prompt.read("kinds", one.rough_kinds, kRoughKinds);
    prompt.checked([&] {
      require_within("", "count", one.prompt_points, 1, kMostPromptPoints);
      require_within("", "count", one.clicks, 1, kMostClicks);
    });
    prompt.finish();
    prompt.validate(one);
    if (!labels.insert(prompt_label(one)).second) prompt.refuse("type", "comes twice in this list");
    evaluations.push_back(one);
  }
  if (map.has("prompts") && map.has("prompt")) map.refuse("prompt", "goes alone, or its prompt into 'prompts'");
  if (evaluations.empty()) evaluations.push_back(base);
  return evaluations;
}

}  // namespace hqsam
