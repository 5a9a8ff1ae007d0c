// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/mask/packed.h"

namespace hqsam {

// What a page asks the model for, in the picture's frame.
struct PagePrompt {
  std::optional<Box> box;
  std::vector<Point> points;
  std::vector<int> labels;         // as many as points
  std::optional<PackedMask> mask;  // of the picture's size
};

// The body of a predict request.
struct PageRequest {
  int64_t seq = 0;
  PagePrompt prompt;
  std::vector<std::string> kinds;  // of masks, each once, at least one
};
// Of a picture of this size and a model with these kinds of masks; without kinds: the last of them. Throws
// ApiError (400) with what is wrong.
PageRequest page_request_of(const nlohmann::json& json, Size size, const std::vector<std::string>& known);

// Where an object of another picture would be in one of this size: the box, scaled; where the sizes are equal, with the
// mask.
PagePrompt prompt_of_other(const PackedMask& mask, Size size);

}  // namespace hqsam
