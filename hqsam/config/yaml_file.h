// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <yaml-cpp/yaml.h>

#include <map>
#include <string>
#include <vector>

#include "hqsam/config/override.h"

namespace hqsam {

// A config file with its overrides applied, or several laid over each other; knows where every value came from, for
// messages.
class YamlFile {
 public:
  // At least one path. Mappings of a later file join those before it key by key; all else takes the earlier's place.
  // sets: "key=value" as from --set, the value in YAML; options come after them. Throws Error with one line: missing,
  // empty, not YAML (with the line), more than one document, an override that is not "key=value" or does not fit the
  // file.
  YamlFile(const std::vector<std::string>& paths, const std::vector<std::string>& sets,
           const std::vector<Override>& options = {});

  const YAML::Node& root() const { return root_; }
  // "quickstart.yaml:12", or "--set train.epochs=2" or "--limit 5" for what an override brought. path: dotted keys.
  std::string where(const std::string& path, const YAML::Node& node) const;
  // The file that the value under these dotted keys came from; where none has it, the first.
  const std::string& file_of(std::string path) const;

 private:
  void lay_over(YAML::Node below, const YAML::Node& above, const std::string& path, const std::string& name);
  void apply(const std::string& set);
  void apply(const Override& option);

  std::string first_;
  YAML::Node root_;
  std::map<std::string, std::string> origins_;    // dotted path -> the later file that brought it
  std::map<std::string, std::string> overrides_;  // dotted path -> "--set key=value"
};

}  // namespace hqsam
