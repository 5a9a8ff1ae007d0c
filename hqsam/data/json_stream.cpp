// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/json_stream.h"

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"

namespace hqsam {
namespace {

using nlohmann::json;

const json& member(const json& item, const char* key, const std::string& what) {
  const auto at = item.find(key);
  if (at == item.end()) fail("json", "'{}': an item lacks '{}'", what, key);
  return *at;
}

[[noreturn]] void refuse(const json& value, const char* key, const std::string& what, const char* expected) {
  fail("json", "'{}': '{}' must be {}, got {}", what, key, expected, value.type_name());
}

constexpr int kMaxDepth = 32;  // lists and objects in each other; values are written and compared by recursion

// Follows the parser's events and hands out the items.
class Sections {
 public:
  explicit Sections(const std::function<void(const std::string&, const json&)>& visit) : visit_(visit) {}

  // False: the parser forgets the value.
  bool operator()(int depth, json::parse_event_t event, json& value) {
    if (depth > kMaxDepth) fail("json", "nested more than {} deep", kMaxDepth);
    using Event = json::parse_event_t;
    if (depth == 0 && event == Event::array_start) item_depth_ = 1;
    if (depth == 1 && event == Event::key && item_depth_ == 2) section_ = value.get<std::string>();
    if (depth != item_depth_ || event != Event::object_end) return true;
    visit_(section_, value);
    return false;
  }

 private:
  const std::function<void(const std::string&, const json&)>& visit_;
  int item_depth_ = 2;
  std::string section_;
};

}  // namespace

void stream_json(const std::filesystem::path& path,
                 const std::function<void(const std::string& section, const json& item)>& visit) {
  const MappedFile file(path);
  const auto* text = reinterpret_cast<const char*>(file.bytes().data());
  try {
    Sections sections(visit);
    const json rest =
        json::parse(text, text + file.bytes().size(),
                    [&](int depth, json::parse_event_t event, json& value) { return sections(depth, event, value); });
    if (!rest.is_structured()) fail("json", "expected an object or a list, got {}", rest.type_name());
  } catch (const json::exception& error) {
    fail("stream_json", "{} is not sound JSON: {}", path.string(), error.what());
  } catch (const Error& error) {
    fail("stream_json", "{}: {}", path.string(), error.what());
  }
}

int64_t json_integer(const json& item, const char* key, const std::string& what) {
  const json& value = member(item, key, what);
  if (!value.is_number_integer()) refuse(value, key, what, "a whole number");
  return value.get<int64_t>();
}

double json_number(const json& item, const char* key, const std::string& what) {
  const json& value = member(item, key, what);
  if (!value.is_number()) refuse(value, key, what, "a number");
  return value.get<double>();
}

std::string json_text(const json& item, const char* key, const std::string& what) {
  const json& value = member(item, key, what);
  if (!value.is_string()) refuse(value, key, what, "a text");
  return value.get<std::string>();
}

const json& json_list(const json& item, const char* key, const std::string& what) {
  const json& value = member(item, key, what);
  if (!value.is_array()) refuse(value, key, what, "a list");
  return value;
}

}  // namespace hqsam
