// SPDX-License-Identifier: Apache-2.0
#include "hqsam/config/changes.h"

#include <yaml-cpp/yaml.h>

#include <map>
#include <vector>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

// Dotted key -> value, of all values within a node.
void flatten(const YAML::Node& node, const std::string& path, std::map<std::string, std::string>& values) {
  if (node.IsMap()) {
    for (const auto& pair : node) {
      flatten(pair.second, (path.empty() ? "" : path + ".") + pair.first.as<std::string>(), values);
    }
  } else if (node.IsSequence()) {
    for (size_t i = 0; i < node.size(); ++i) flatten(node[i], fmt::format("{}.{}", path, i), values);
  } else {
    values[path] = node.IsScalar() && !node.Scalar().empty() ? node.Scalar() : "nothing";
  }
}

std::map<std::string, std::string> values_of(const Config& config) {
  std::map<std::string, std::string> values;
  flatten(YAML::Load(to_yaml(training_part(config))), "", values);
  return values;
}

}  // namespace

std::string training_changes(const std::filesystem::path& before, const Config& now) {
  constexpr size_t kTold = 6;
  std::map<std::string, std::string> old_values;
  try {
    old_values = values_of(load_config(before));
  } catch (const Error&) {
    return "";
  }
  const std::map<std::string, std::string> new_values = values_of(now);
  std::map<std::string, std::string> keys = old_values;
  keys.insert(new_values.begin(), new_values.end());
  std::vector<std::string> changes;
  for (const auto& [key, ignored] : keys) {
    const auto value_in = [&key = key](const auto& values) {
      const auto at = values.find(key);
      return at == values.end() ? std::string("not there") : at->second;
    };
    const std::string before_it = value_in(old_values), now_it = value_in(new_values);
    if (before_it != now_it)
      changes.push_back(fmt::format("{}: {}, now {}", key, cut_short(before_it), cut_short(now_it)));
  }
  const size_t more = changes.size() > kTold ? changes.size() - kTold : 0;
  changes.resize(changes.size() - more);
  return fmt::format("{}{}", fmt::join(changes, "; "), more > 0 ? fmt::format("; and {} more", more) : "");
}

}  // namespace hqsam
