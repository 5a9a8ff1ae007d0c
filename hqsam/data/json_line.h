// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "hqsam/core/error.h"

namespace hqsam {

// A JSON as text. Throws Error where a text in it is not UTF-8: JSON cannot hold it, and a name written otherwise would
// not be found again.
inline std::string json_line(const nlohmann::ordered_json& json, int indent = -1) {
  using Json = nlohmann::ordered_json;
  try {
    return json.dump(indent);
  } catch (const Json::exception&) {
    const std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
    fail("json_line", "a name is not UTF-8, which a JSON cannot hold, rename it: {}", text.substr(0, 200));
  }
}

}  // namespace hqsam
