// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/json_stream.h"

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

using nlohmann::json;

// Hands out each item once it is complete.
class Sections {
 public:
  explicit Sections(const std::function<void(const std::string&, const json&)>& visit) : visit_(visit) {}

  // False makes the parser discard the value.
  bool operator()(std::span<const JsonStep> around, json& value) {
    if (around.empty()) return true;
    const bool list = around.front().key == nullptr;
    if (around.size() == (list ? 1 : 2)) {
      visit_(list ? std::string() : *around.front().key, value);
      return false;
    }
    if (list || around.size() != 1) return true;
    keys_.push_back(*around.front().key);
    return false;
  }

  std::vector<std::string> keys() && { return std::move(keys_); }

 private:
  const std::function<void(const std::string&, const json&)>& visit_;
  std::vector<std::string> keys_;
};

// Python's names for numbers that JSON cannot express.
std::string_view odd_number(std::string_view rest) {
  for (const std::string_view name : {"NaN", "Infinity", "-Infinity"}) {
    if (rest.starts_with(name)) return name;
  }
  return {};
}

// The text with those names in quotes.
std::string with_quoted_numbers(std::string_view text) {
  std::string quoted;
  quoted.reserve(text.size() + text.size() / 8);
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\' && i + 1 < text.size()) {
      quoted.append(text.substr(i++, 2));
      continue;
    }
    if (c == '"') in_string = !in_string;
    const std::string_view name = in_string || (c != 'N' && c != 'I' && c != '-') ? "" : odd_number(text.substr(i));
    if (name.empty()) {
      quoted.push_back(c);
      continue;
    }
    quoted.append("\"").append(name).append("\"");
    i += name.size() - 1;
  }
  return quoted;
}

void check_encoding(std::string_view text) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    fail("json", "the text is UTF-16; save it as UTF-8");
  }
}

std::vector<std::string> stream_text(std::string_view text,
                                     const std::function<void(const std::string&, const json&)>& visit) {
  check_encoding(text);
  std::string quoted;
  if (text.find("NaN") != text.npos || text.find("Infinity") != text.npos) text = quoted = with_quoted_numbers(text);
  Sections sections(visit);
  JsonOptions options;
  options.max_bytes = SIZE_MAX;
  options.unique_depth = 1;
  options.keep = [&](std::span<const JsonStep> around, json& value) { return sections(around, value); };
  const json rest = parse_json("json", "the file", text, options);
  if (!rest.is_structured()) fail("json", "expected an object or a list, got {}", rest.type_name());
  return std::move(sections).keys();
}

}  // namespace

std::vector<std::string> stream_json(const std::filesystem::path& path,
                                     const std::function<void(const std::string& section, const json& item)>& visit) {
  const FileBytes file(path);
  try {
    return stream_text(file.text(), visit);
  } catch (const Error& error) {
    fail("stream_json", "{}: {}", path.string(), error.what());
  }
}

std::string shown_keys(const std::vector<std::string>& keys) {
  std::vector<std::string> shown;
  for (const std::string& key : keys) shown.push_back(shown_short(key));
  return first_few(shown);
}

}  // namespace hqsam
