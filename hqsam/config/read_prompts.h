// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hqsam/config/yaml_map.h"
#include "hqsam/data/prompt_options.h"
#include "hqsam/evaluate/options.h"

namespace hqsam {

// The list `prompts` of a config; without it the paper's mixture.
std::vector<PromptOptions> read_training_prompts(YamlMap& root);

// A word of prompt_name() as origin and type.
void read_evaluation_prompt(YamlMap& map, const std::string& key, EvaluateOptions& evaluate);

// evaluate.prompts: several prompts of one evaluation, each over `base`; without that list base alone.
std::vector<EvaluateOptions> read_evaluations(YamlMap& map, const EvaluateOptions& base);

}  // namespace hqsam
