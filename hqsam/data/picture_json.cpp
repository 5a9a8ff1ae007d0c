// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/picture_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/data/odd_objects.h"

namespace hqsam {
namespace {

using nlohmann::json;

constexpr const char* kFunction = "parse_picture_json";

size_t behind_spaces(std::string_view text, size_t at) {
  return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

// The index of the quote that ends the string whose first character is at `at`; the text's size where it has no end.
size_t string_end(std::string_view text, size_t at) {
  for (size_t quote = at; (quote = text.find('"', quote)) != std::string_view::npos; ++quote) {
    size_t slashes = 0;
    while (quote - slashes > at && text[quote - slashes - 1] == '\\') ++slashes;
    if (slashes % 2 == 0) return quote;
  }
  return text.size();
}

// The text without the contents of "imageData" strings. Inside a string the quotes would be escaped, so a match is
// always a key.
std::string without_image_data(std::string_view text) {
  constexpr std::string_view kKey = "\"imageData\"";
  std::string kept;
  size_t copied = 0;
  for (size_t at = 0; (at = text.find(kKey, at)) != std::string_view::npos;) {
    at = behind_spaces(text, at + kKey.size());
    if (at == text.size() || text[at] != ':') continue;
    at = behind_spaces(text, at + 1);
    if (at == text.size() || text[at] != '"') continue;
    kept += text.substr(copied, at + 1 - copied);
    at = copied = string_end(text, at + 1);
  }
  return kept += text.substr(copied);
}

// NaN, Infinity and -Infinity outside of strings become null.
void without_nan(std::string& text) {
  if (text.find("NaN") == std::string::npos && text.find("Infinity") == std::string::npos) return;
  std::string sound;
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = std::string_view(text).substr(at);
    size_t count = 1;
    const char* word = nullptr;
    if (text[at] == '"') count = std::min(string_end(text, at + 1) + 1, text.size()) - at;
    for (const std::string_view odd : {"NaN", "Infinity", "-Infinity"}) {
      if (rest.starts_with(odd)) count = odd.size(), word = "null";
    }
    sound += word != nullptr ? std::string_view(word) : rest.substr(0, count);
    at += count;
  }
  text = std::move(sound);
}

std::string keys_of(const json& object) {
  std::string keys;
  size_t count = 0;
  for (auto item = object.begin(); item != object.end() && count < 5; ++item, ++count) {
    keys += (keys.empty() ? "'" : ", '") + shown_short(item.key(), 30) + "'";
  }
  return keys + (object.size() > count ? ", ..." : "");
}

}  // namespace

json parse_picture_json(std::string_view text, const std::string& name) {
  std::string slim = without_image_data(text);
  without_nan(slim);
  return parse_json_object(kFunction, shown_short(name, 1000), slim);
}

std::string kind_of_json(const json& object) {
  const auto has = [&](const char* key) { return object.contains(key); };
  if (has("images") && has("annotations")) return "COCO's ('images', 'annotations')";
  if (has("videos") && has("annotations")) return "YouTube-VIS's ('videos', 'annotations')";
  if (has("shapes")) return "LabelMe's ('shapes')";
  if (has("image") && has("annotations")) return "SA-1B's ('image', 'annotations')";
  if (has("_via_img_metadata")) return "VIA's ('_via_img_metadata')";
  if (has("objects") && has("imgHeight")) return "Cityscapes' ('objects', 'imgHeight')";
  return object.empty() ? "an object without keys" : "an object of " + keys_of(object);
}

std::string text_or_empty(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

int64_t side_or_zero(const json& object, const char* key) {
  const auto at = object.find(key);
  if (at == object.end()) return 0;
  double value = 0;
  if (at->is_number()) value = at->get<double>();
  if (at->is_string()) {
    const auto& text = at->get_ref<const std::string&>();
    if (std::from_chars(text.data(), text.data() + text.size(), value).ptr != text.data() + text.size()) return 0;
  }
  const bool side = value >= 1 && value <= 1e9 && value == std::floor(value);
  return side ? static_cast<int64_t>(value) : 0;
}

}  // namespace hqsam
