// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "hqsam/predict/prompt_file.h"

namespace hqsam {

// The parts of prompts_from_json for COCO's two kinds of files. name stands in messages.
std::vector<NamedPrompts> prompts_of_coco_results(const nlohmann::json& list, const std::string& name);
bool is_coco_annotations(const nlohmann::json& file);
std::vector<NamedPrompts> prompts_of_coco_annotations(const nlohmann::json& file, const std::string& name);

}  // namespace hqsam
