// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "hqsam/predict/stated_prompt.h"

namespace hqsam {

// What reading prompts from JSON has in common. Texts of messages are cut short.

// The value, in which the "segmentation"s of COCO's lists (long, and no prompts) are null. Throws Error with name: not
// JSON (with the place), past the bounds of bounded_json.h, a key twice in one object.
nlohmann::json parse_prompt_json(std::string_view text, const std::string& name);

// A value for a message, at most 60 characters.
std::string shown(const nlohmann::json& value);

// Whole numbers and texts; nothing for null. Throws Error for others; what names it.
PromptLabel label_of(const nlohmann::json& value, const std::string& what);
// COCO's image ids as texts: 139, 139.0 and "139" are equal. Throws Error for others.
std::string id_text(const nlohmann::json& value, const std::string& what);

// A list of `count` finite numbers, or Error: "`what` expects `form`, got ...".
std::vector<double> numbers_of(const nlohmann::json& value, size_t count, const std::string& what, const char* form);

}  // namespace hqsam
