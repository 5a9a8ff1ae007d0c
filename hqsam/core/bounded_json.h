// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace hqsam {

// Lists and objects in each other that a reader of foreign JSON allows: what walks through a value (dump, copies,
// comparing) does so by recursion.
inline constexpr int kMaxJsonDepth = 32;

// The JSON object that a foreign text holds. Throws Error, naming `what`, where it is no JSON object, is over 64 MiB,
// or nests deeper than kMaxJsonDepth.
nlohmann::json parse_json_object(std::string_view function, std::string_view what, std::string_view text);

// A value as it may stand in a message: in ASCII, cut after 80 characters.
std::string json_shown(const nlohmann::json& value);

}  // namespace hqsam
