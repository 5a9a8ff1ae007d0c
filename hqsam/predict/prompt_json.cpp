// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/prompt_json.h"

#include <cmath>
#include <set>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

using nlohmann::json;

constexpr size_t kShown = 60;  // characters of a value or a key in a message

// Follows the parser's events: depth, keys, and what is not kept.
class Watch {
 public:
  explicit Watch(const std::string& name) : name_(name) {}

  bool operator()(int depth, json::parse_event_t event, const json& value) {
    using Event = json::parse_event_t;
    if (depth > kMaxJsonDepth) fail("predict", "{} is nested more than {} deep", name_, kMaxJsonDepth);
    if (depth == 0 && event == Event::array_start) list_ = true;
    if (event == Event::object_start) keys_[static_cast<size_t>(depth)].clear();
    if (event != Event::key) return true;
    const auto& key = value.get_ref<const std::string&>();
    if (!keys_[static_cast<size_t>(depth) - 1].insert(key).second) {
      fail("predict", "{} has the key '{}' twice in one object", name_, cut_short(key, kShown));
    }
    if (depth == 1) section_ = key;
    const bool item = list_ ? depth == 2 : depth == 3 && section_ == "annotations";
    return !item || key != "segmentation";
  }

 private:
  const std::string& name_;
  std::set<std::string> keys_[kMaxJsonDepth + 1];
  std::string section_;
  bool list_ = false;
};

}  // namespace

json parse_prompt_json(std::string_view text, const std::string& name) {
  Watch watch(name);
  try {
    return json::parse(text.begin(), text.end(),
                       [&](int depth, json::parse_event_t event, json& value) { return watch(depth, event, value); });
  } catch (const json::exception& error) {
    std::string reason = error.what();
    for (char& c : reason) c = static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    if (reason.size() > 160) reason = reason.substr(0, 160) + "...";
    fail("predict", "{} is not sound JSON: {}", name, reason);
  }
}

std::string shown(const json& value) {
  return cut_short(value.dump(-1, ' ', false, json::error_handler_t::replace), kShown);
}

PromptLabel label_of(const json& value, const std::string& what) {
  if (value.is_null()) return {};
  if (value.is_number_integer() && value.dump().size() < 19) return value.get<int64_t>();
  if (value.is_number_integer()) return value.dump();  // past 64 bits or nearly so: as a text
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
