// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/bounded_json.h"

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxBytes = 64 << 20;

}  // namespace

std::string json_shown(const Json& value) {
  return cut_short(value.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace));
}

Json parse_json_object(std::string_view function, std::string_view what, std::string_view text) {
  if (text.size() > kMaxBytes) fail(function, "{} has {} bytes, at most {} are read", what, text.size(), kMaxBytes);
  const auto shallow = [&](int depth, Json::parse_event_t, const Json&) {
    if (depth > kMaxJsonDepth) fail(function, "{} nests deeper than {}: it is damaged", what, kMaxJsonDepth);
    return true;
  };
  Json json = Json::parse(text.begin(), text.end(), shallow, /*allow_exceptions=*/false);
  if (!json.is_object()) fail(function, "{} is damaged, it is not a JSON object: fetch it again", what);
  return json;
}

}  // namespace hqsam
