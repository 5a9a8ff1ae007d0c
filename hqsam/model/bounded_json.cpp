// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/bounded_json.h"

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 32;
constexpr size_t kMaxBytes = 64 << 20;
constexpr size_t kBrief = 80;  // characters

}  // namespace

std::string brief(const Json& value) {
  const std::string text = value.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
  return text.size() > kBrief ? text.substr(0, kBrief) + "..." : text;
}

Json parse_json_object(std::string_view function, std::string_view what, std::string_view text) {
  if (text.size() > kMaxBytes) fail(function, "{} has {} bytes, at most {} are read", what, text.size(), kMaxBytes);
  const auto shallow = [&](int depth, Json::parse_event_t, const Json&) {
    if (depth > kMaxDepth) fail(function, "{} nests deeper than {}: it is damaged", what, kMaxDepth);
    return true;
  };
  Json json = Json::parse(text.begin(), text.end(), shallow, /*allow_exceptions=*/false);
  if (!json.is_object()) fail(function, "{} is damaged, it is not a JSON object: fetch it again", what);
  return json;
}

}  // namespace hqsam
