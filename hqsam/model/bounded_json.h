// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace hqsam {

// The JSON object that a foreign text holds. Throws Error, naming `what`, where it is no JSON object, is over 64 MiB,
// or nests deeper than 32: what walks through it (dump, copies) does so by recursion.
nlohmann::json parse_json_object(std::string_view function, std::string_view what, std::string_view text);

// A value as it may stand in a message: cut after 80 characters.
std::string brief(const nlohmann::json& value);

}  // namespace hqsam
