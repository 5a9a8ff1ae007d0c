// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace hqsam {

// One picture's JSON. NaN and Infinity, which Python writes, are null. The text behind "imageData" (LabelMe's copy of
// the picture, megabytes) is passed over and reads as "". Throws Error with the name: not sound JSON, nested deeper
// than 32, no object.
nlohmann::json parse_picture_json(std::string_view text, const std::string& name);

// What a JSON that was not expected is, for messages: "COCO's ('images', 'annotations')", "an object of 'a', 'b', ...".
std::string kind_of_json(const nlohmann::json& object);

// object[key] as a text; "" where it is missing or something else.
std::string text_or_empty(const nlohmann::json& object, const char* key);

// A side in pixels: a whole number of at least 1, also as a text or 640.0; 0 where it is missing or anything else.
int64_t side_or_zero(const nlohmann::json& object, const char* key);

}  // namespace hqsam
