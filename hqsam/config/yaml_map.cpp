// SPDX-License-Identifier: Apache-2.0
#include "hqsam/config/yaml_map.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace hqsam {
namespace {

// Replaces ${VAR} by the environment's value. `place` begins the message of the Error.
std::string expand(const std::string& text, const std::string& place) {
  std::string result;
  size_t at = 0;
  for (size_t found; (found = text.find("${", at)) != std::string::npos;) {
    if (found > at && text[found - 1] == '$') {
      result += text.substr(at, found - 1 - at) + "${";
      at = found + 2;
      continue;
    }
    const size_t end = text.find('}', found);
    if (end == std::string::npos) fail("load_config", "{} has a ${{ without its }}: '{}'", place, text);
    const std::string name = text.substr(found + 2, end - found - 2);
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) fail("load_config", "{} uses ${{{}}}, which is not set in the environment", place, name);
    result += text.substr(at, found - at) + value;
    at = end + 1;
  }
  return result + text.substr(at);
}

template <class Number>
bool parse_number(const std::string& text, Number& value) {
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* end = text.data() + text.size();
  Number parsed{};
  const auto [stop, error] = std::from_chars(begin, end, parsed);
  if (error != std::errc() || stop != end || begin == end) return false;
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(parsed)) return false;
  }
  value = parsed;
  return true;
}

const char* kind_of(const YAML::Node& node) {
  if (node.IsMap()) return "a mapping";
  if (node.IsSequence()) return "a list";
  return node.IsNull() ? "nothing" : "a single value";
}

// The value under dotted keys, such as "schedule.factor"; undefined where there is none.
YAML::Node find_in(const YAML::Node& node, const std::string& dotted) {
  if (!node.IsDefined() || !node.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  const size_t dot = dotted.find('.');
  const YAML::Node value = node[dotted.substr(0, dot)];
  if (!value.IsDefined() || dot == std::string::npos) return value;
  return find_in(value, dotted.substr(dot + 1));
}

// Messages of validate() begin with "[Struct] ".
std::string without_function(const std::string& message) {
  const size_t end = message.find("] ");
  return message.starts_with('[') && end != std::string::npos ? message.substr(end + 2) : message;
}

}  // namespace

YamlMap::YamlMap(const YamlFile& file, YAML::Node node, std::string path)
    : file_(&file), node_(std::move(node)), path_(std::move(path)) {
  if (!node_.IsDefined() || node_.IsNull()) return;
  if (!node_.IsMap()) {
    fail("load_config", "{}: '{}': expected a mapping of keys, got {}", file.where(path_, node_), path_,
         kind_of(node_));
  }
  for (const auto& pair : node_) {
    if (!pair.first.IsScalar()) fail("load_config", "{}: a key must be a word", file.where(path_, pair.first));
    const std::string key = pair.first.Scalar();
    if (!values_.emplace(key, pair.second).second) {
      fail("load_config", "{}: the key '{}' comes twice", file.where(full(key), pair.first), full(key));
    }
  }
}

bool YamlMap::has(const std::string& key) const { return values_.contains(key); }

YAML::Node YamlMap::take(const std::string& key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  const auto found = values_.find(key);
  return found == values_.end() ? YAML::Node(YAML::NodeType::Undefined) : found->second;
}

std::string YamlMap::at(const std::string& key) const {
  const auto found = values_.find(key);
  const std::string where = file_->where(full(key), found == values_.end() ? node_ : found->second);
  return fmt::format("{}: '{}'", where, full(key));
}

void YamlMap::refuse(const std::string& key, const std::string& message) const {
  fail("load_config", "{} {}", at(key), message);
}

// The message of an options struct begins with the field where it is about one: then the place is that key's.
void YamlMap::refuse_all(const std::string& message) const {
  const std::string complaint = without_function(message);
  const std::string field = complaint.substr(0, complaint.find(' '));
  if (const YAML::Node node = find_in(node_, field)) {
    fail("load_config", "{}: '{}'{}", file_->where(full(field), node), full(field), complaint.substr(field.size()));
  }
  fail("load_config", "{}: {}: {}", file_->where(path_, node_), path_, complaint);
}

std::string YamlMap::text(const std::string& key, const YAML::Node& node, const std::string& path) const {
  if (!node.IsScalar()) refuse(key, fmt::format("expects a single value, got {}", kind_of(node)));
  return expand(node.Scalar(), fmt::format("{}: '{}'", file_->where(path, node), path));
}

std::vector<std::string> YamlMap::texts(const std::string& key) {
  const YAML::Node node = take(key);
  if (!node.IsSequence()) refuse(key, fmt::format("expects a list such as [a, b], got {}", kind_of(node)));
  std::vector<std::string> all;
  for (size_t i = 0; i < node.size(); ++i) all.push_back(text(key, node[i], fmt::format("{}.{}", full(key), i)));
  return all;
}

std::vector<std::string> YamlMap::list(const std::string& key) {
  const YAML::Node node = take(key);
  if (!node || node.IsNull()) return {};
  if (node.IsSequence()) return texts(key);
  return {text(key, node, full(key))};
}

void YamlMap::read(const std::string& key, int64_t& value) {
  const YAML::Node node = take(key);
  if (!node) return;
  const std::string word = text(key, node, full(key));
  if (!parse_number(word, value)) refuse(key, fmt::format("expects a whole number, got '{}'", word));
}

void YamlMap::read(const std::string& key, uint64_t& value) {
  const YAML::Node node = take(key);
  if (!node) return;
  const std::string word = text(key, node, full(key));
  if (!parse_number(word, value)) refuse(key, fmt::format("expects a whole number of at least 0, got '{}'", word));
}

void YamlMap::read(const std::string& key, double& value) {
  const YAML::Node node = take(key);
  if (!node) return;
  const std::string word = text(key, node, full(key));
  if (!parse_number(word, value)) refuse(key, fmt::format("expects a number, got '{}'", word));
}

void YamlMap::read(const std::string& key, std::string& value) {
  const YAML::Node node = take(key);
  if (!node) return;
  value = node.IsNull() ? "" : text(key, node, full(key));
}

YamlMap YamlMap::map(const std::string& key) { return {*file_, take(key), full(key)}; }

std::vector<YamlMap> YamlMap::maps(const std::string& key) {
  const YAML::Node node = take(key);
  std::vector<YamlMap> all;
  if (!node || node.IsNull()) return all;
  if (!node.IsSequence()) refuse(key, fmt::format("expects a list, each item begun by '-', got {}", kind_of(node)));
  for (size_t i = 0; i < node.size(); ++i) all.emplace_back(*file_, node[i], fmt::format("{}.{}", full(key), i));
  return all;
}

void YamlMap::finish() const {
  for (const auto& pair : node_) {
    const std::string key = pair.first.Scalar();
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    fail("load_config", "{}: unknown key '{}'{}", file_->where(full(key), pair.first), full(key),
         did_you_mean(key, known_));
  }
}

}  // namespace hqsam
