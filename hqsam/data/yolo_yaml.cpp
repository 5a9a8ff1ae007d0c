// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/yolo_yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/data/odd_objects.h"

namespace hqsam {
namespace {

constexpr const char* kFunction = "read_yolo_yaml";
constexpr int64_t kMaxClasses = 1 << 20;

// The values of the keys that are read here; others do not matter.
class Keys {
 public:
  Keys(const YAML::Node& root, const std::string& name) : name_(name) {
    for (const auto& pair : root) {
      if (!pair.first.IsScalar()) continue;
      const std::string& key = pair.first.Scalar();
      const char* known[] = {"path", "train", "val", "validation", "test", "names", "nc", "kpt_shape"};
      if (std::find(std::begin(known), std::end(known), key) == std::end(known)) continue;
      if (values_.contains(key)) fail(kFunction, "{}: the key '{}' is there twice", name_, key);
      if (!pair.second.IsNull()) values_[key] = pair.second;
    }
  }

  bool has(const char* key) const { return values_.contains(key); }
  const YAML::Node& operator[](const char* key) const { return values_.at(key); }

  std::string word(const YAML::Node& node, const char* key) const {
    if (!node.IsScalar() || node.Scalar().empty()) {
      fail(kFunction, "{}: '{}' holds something that is not a word", name_, key);
    }
    return node.Scalar();
  }

  // A whole number of at least 0; 10.0 counts too.
  int64_t number(const YAML::Node& node, const char* key) const {
    const std::string text = word(node, key);
    double value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size() && value == std::floor(value);
    if (!whole || value < 0 || value > static_cast<double>(kMaxClasses)) {
      fail(kFunction, "{}: '{}' must be a whole number of at least 0, got '{}'", name_, key, shown_short(text));
    }
    return static_cast<int64_t>(value);
  }

 private:
  const std::string& name_;
  std::map<std::string, YAML::Node> values_;
};

std::string with_slashes(std::string path) {
  std::replace(path.begin(), path.end(), '\\', '/');
  return path;
}

std::vector<std::string> paths(const Keys& keys, const char* key) {
  std::vector<std::string> list;
  const YAML::Node& node = keys[key];
  if (!node.IsSequence()) return {with_slashes(keys.word(node, key))};
  for (const YAML::Node& item : node) list.push_back(with_slashes(keys.word(item, key)));
  return list;
}

// A list, or a mapping from numbers.
YoloClasses classes_of(const Keys& keys, const std::string& name) {
  YoloClasses classes;
  if (keys.has("nc")) classes.count = keys.number(keys["nc"], "nc");
  if (!keys.has("names")) return classes;
  const YAML::Node& names = keys["names"];
  if (names.IsSequence()) {
    for (const YAML::Node& item : names) {
      classes.names.emplace(static_cast<int64_t>(classes.names.size()), item.IsScalar() ? item.Scalar() : "");
    }
  } else if (names.IsMap()) {
    for (const auto& pair : names) {
      classes.names[keys.number(pair.first, "names")] = pair.second.IsScalar() ? pair.second.Scalar() : "";
    }
  } else {
    fail(kFunction, "{}: 'names' must be a list or a mapping from numbers", name);
  }
  const auto count = static_cast<int64_t>(classes.names.size());
  if (count == 0) return classes;
  if (classes.count >= 0 && classes.count != count) {
    fail(kFunction, "{}: 'names' are {}, but 'nc' is {}", name, count, classes.count);
  }
  classes.count = std::max(count, classes.names.rbegin()->first + 1);
  return classes;
}

}  // namespace

YoloYaml read_yolo_yaml(std::string_view text, const std::string& name) {
  const std::string shown = shown_short(name, 1000);
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    if (!root.IsMap()) fail(kFunction, "{}: expected a mapping with train, val and names", shown);
    const Keys keys(root, shown);
    if (keys.has("kpt_shape")) fail(kFunction, "{} has key points (kpt_shape), which are not masks", shown);
    YoloYaml yaml;
    if (keys.has("path")) yaml.path = with_slashes(keys.word(keys["path"], "path"));
    for (const char* split : {"train", "val", "test"}) {
      if (keys.has(split)) yaml.splits[split] = paths(keys, split);
    }
    if (keys.has("validation") && !yaml.splits.contains("val")) yaml.splits["val"] = paths(keys, "validation");
    yaml.classes = classes_of(keys, shown);
    return yaml;
  } catch (const YAML::Exception& error) {
    fail(kFunction, "{}:{}: not valid YAML: {}", shown, error.mark.line + 1, shown_short(error.msg, 200));
  }
}

}  // namespace hqsam
