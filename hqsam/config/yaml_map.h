// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <yaml-cpp/yaml.h>

#include <map>
#include <string>
#include <vector>

#include "hqsam/core/choose.h"

namespace hqsam {

// A config file with its overrides applied, or several laid over each other; knows where every value came from, for
// messages.
class YamlFile {
 public:
  // Throws Error with one line: missing, empty, not YAML (with the line), more than one document, an
  // override that is not "key=value" or does not fit the file.
  YamlFile(const std::string& path, const std::vector<std::string>& overrides)
      : YamlFile(std::vector<std::string>{path}, overrides) {}
  // At least one path. Mappings of a later file join those before it key by key; all else takes the earlier's place.
  YamlFile(const std::vector<std::string>& paths, const std::vector<std::string>& overrides);

  const YAML::Node& root() const { return root_; }
  // "quickstart.yaml:12", or "--set train.epochs=2" for what an override brought. path: dotted keys.
  std::string where(const std::string& path, const YAML::Node& node) const;
  // The file that the value under these dotted keys came from; where none has it, the first.
  const std::string& file_of(std::string path) const;

 private:
  void lay_over(YAML::Node below, const YAML::Node& above, const std::string& path, const std::string& name);
  void apply(const std::string& text);

  std::string first_;
  YAML::Node root_;
  std::map<std::string, std::string> origins_;    // dotted path -> the later file that brought it
  std::map<std::string, std::string> overrides_;  // dotted path -> the whole "key=value"
};

// A strict view of one mapping: values are read by key and type, and finish() refuses what was not asked
// for. Absent keys leave the value as it is. ${VAR} in values is expanded ($${ is a plain ${).
class YamlMap {
 public:
  // Nothing (an empty section) is an empty mapping. Throws Error on another kind of node and on a key that comes twice.
  YamlMap(const YamlFile& file, YAML::Node node, std::string path);

  bool has(const std::string& key) const;
  void read(const std::string& key, int64_t& value);
  void read(const std::string& key, uint64_t& value);
  void read(const std::string& key, double& value);
  void read(const std::string& key, std::string& value);  // nothing is ""
  template <class E, size_t N>
  void read(const std::string& key, E& value, const Choice<E> (&choices)[N]) {
    std::string word;
    if (take(key)) read(key, word), value = choose(word, choices, "load_config", at(key));
  }
  template <class E, size_t N>
  void read(const std::string& key, std::vector<E>& values, const Choice<E> (&choices)[N]) {
    if (!take(key)) return;
    values.clear();
    for (const std::string& word : texts(key)) values.push_back(choose(word, choices, "load_config", at(key)));
  }
  std::vector<std::string> list(const std::string& key);  // a list of values, or one alone; of an absent key: none
  YamlMap map(const std::string& key);                    // of an absent key: an empty one
  std::vector<YamlMap> maps(const std::string& key);      // a list of mappings; of an absent key: none

  // Throws Error on the first key that nobody asked for, with the nearest that somebody did.
  void finish() const;
  // Throws Error naming the place of the key and its whole name.
  [[noreturn]] void refuse(const std::string& key, const std::string& message) const;
  // Runs `check` and says where in the file the complaint of an Error it throws belongs.
  template <class Check>
  void checked(Check check) const {
    try {
      check();
    } catch (const Error& error) {
      refuse_all(error.what());
    }
  }
  template <class Options>
  void validate(const Options& options) const {
    checked([&] { options.validate(); });
  }

 private:
  YAML::Node take(const std::string& key);  // the value, or an undefined node
  std::string full(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }
  std::string at(const std::string& key) const;  // "quickstart.yaml:12: 'train.epochs'"
  std::string text(const std::string& key, const YAML::Node& node, const std::string& path) const;
  std::vector<std::string> texts(const std::string& key);
  [[noreturn]] void refuse_all(const std::string& message) const;

  const YamlFile* file_;
  YAML::Node node_;
  std::string path_;
  std::map<std::string, YAML::Node> values_;
  std::vector<std::string> known_;
};

}  // namespace hqsam
