// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/prompt_json.h"

#include <cmath>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/predict/prompt_file.h"

namespace hqsam {
namespace {

using nlohmann::json;

constexpr size_t kShown = 60;  // characters of a value or a key in a message

// Whether this is the mask of a COCO annotation; masks are long and are not prompts, so they are skipped.
bool is_mask(std::span<const JsonStep> around) {
  const JsonStep* item = nullptr;  // what may be an item of a list of COCO's
  if (around.size() == 2 && around[0].key == nullptr) item = &around[1];
  if (around.size() == 3 && around[0].key != nullptr && *around[0].key == "annotations") item = &around[2];
  return item != nullptr && item->key != nullptr && *item->key == "segmentation";
}

}  // namespace

json parse_prompt_json(std::string_view text, const std::string& name) {
  JsonOptions options;
  options.max_bytes = kMaxPromptBytes;
  options.unique_depth = kMaxJsonDepth;
  options.keep = [](std::span<const JsonStep> around, json&) { return !is_mask(around); };
  return parse_json("predict", name, text, options);
}

std::string shown(const json& value) {
  return cut_short(value.dump(-1, ' ', false, json::error_handler_t::replace), kShown);
}

PromptLabel label_of(const json& value, const std::string& what) {
  if (value.is_null()) return {};
  if (value.is_number_integer() && value.dump().size() < 19) return value.get<int64_t>();
  if (value.is_number_integer()) return value.dump();  // as text, since it may exceed 64 bits
  if (value.is_string()) return value.get<std::string>();
  fail("predict", "{} is a whole number or a text, got {}", what, shown(value));
}

std::string id_text(const json& value, const std::string& what) {
  if (value.is_string() && !value.get_ref<const std::string&>().empty()) return value.get<std::string>();
  if (value.is_number_integer()) return value.dump();
  const double number = value.is_number() ? value.get<double>() : 0.5;
  if (std::floor(number) == number && std::abs(number) < 1e15) return fmt::format("{:.0f}", number);
  fail("predict", "{} is a whole number or a text, got {}", what, shown(value));
}

std::vector<double> numbers_of(const json& value, size_t count, const std::string& what, const char* form) {
  std::vector<double> numbers;
  for (const json& item : value.is_array() ? value : json::array()) {
    if (item.is_number() && std::isfinite(item.get<double>())) numbers.push_back(item.get<double>());
  }
  if (!value.is_array() || value.size() != count || numbers.size() != count) {
    fail("predict", "{} expects {}, got {}", what, form, shown(value));
  }
  return numbers;
}

}  // namespace hqsam
