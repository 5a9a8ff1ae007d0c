// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "hqsam/serve/annotation.h"

namespace hqsam {

// JSON between the page and the server. All functions that read throw ApiError (400) with what is wrong.

// {"size":[h,w],"runs":[...]}
nlohmann::json runs_json(const PackedMask& mask);
// A mask of this size.
PackedMask mask_of_json(const nlohmann::json& json, Size size);

// Of a mask: x0 y0 x1 y1, x1 and y1 behind the last pixel; zeros for an empty one.
std::array<int64_t, 4> outer_box(const PackedMask& mask);

// An object as it stands in the page's JSON, but for its mask; without "class", or null: none.
AnnotationObject object_without_mask(const nlohmann::json& json);
// The same with its mask, of a picture of this size, which must have a pixel.
AnnotationObject object_of_page(const nlohmann::json& json, Size size);
nlohmann::json object_for_page(const AnnotationObject& object, Size size);

// Names of classes: texts of 1 to 100 bytes without control characters, each once, 1000 at most.
std::vector<std::string> classes_of_json(const nlohmann::json& json);
void check_classes(const std::vector<std::string>& classes);

}  // namespace hqsam
