// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hqsam {

// The reader of all JSON that comes from files. Three bounds keep it small: of the text's bytes, of the depth (what
// walks through a value - dump, copies, comparing - does so by recursion), and of the values that are held.

// Lists and objects in each other that are read.
inline constexpr int kMaxJsonDepth = 32;
// Values and keys that are held at once: under 1 GB.
inline constexpr size_t kMaxJsonValues = size_t{1} << 23;

// A list or an object around a value.
struct JsonStep {
  nlohmann::json* container = nullptr;
  const std::string* key = nullptr;  // of what is being read, within an object
  size_t held = 0;                   // values before it
};

struct JsonOptions {
  size_t max_bytes = size_t{64} << 20;
  int max_depth = kMaxJsonDepth;
  // In the outermost objects, of so many levels, a key may come once; in others the last one counts, as in Python.
  int unique_depth = 0;
  // Told of each value when it is whole, with what is around it, the outermost first. False: it is forgotten, and is
  // null where an object holds it.
  std::function<bool(std::span<const JsonStep> around, nlohmann::json& value)> keep;
};

// The value that a text holds. Throws Error "[function] what ..." where it is no JSON, past a bound, or has a doubled
// key that is refused.
nlohmann::json parse_json(std::string_view function, std::string_view what, std::string_view text,
                          const JsonOptions& options = {});

// The same; throws Error where it is no object.
nlohmann::json parse_json_object(std::string_view function, std::string_view what, std::string_view text,
                                 const JsonOptions& options = {});

// For texts that only inform: nothing where parse_json_object throws.
std::optional<nlohmann::json> json_object_or_nothing(std::string_view text);

// A value as it may stand in a message: in ASCII, cut after 80 characters.
std::string json_shown(const nlohmann::json& value);

}  // namespace hqsam
