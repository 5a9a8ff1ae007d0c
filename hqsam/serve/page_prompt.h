// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "hqsam/serve/engine.h"

namespace hqsam {

// The body of a predict request.
struct PageRequest {
  int64_t seq = 0;
  PagePrompt prompt;
  std::vector<MaskKind> kinds;
};
// Of a picture of this size and a model with these kinds. Throws Error with what is wrong.
PageRequest page_request_of(const nlohmann::json& json, Size size, const std::vector<MaskKind>& known);

// Where an object of another picture would be in one of this size: the box, scaled; where the sizes are equal, with the
// mask.
PagePrompt prompt_of_other(const PackedMask& mask, Size size);

}  // namespace hqsam
