// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <yaml-cpp/yaml.h>

#include <map>
#include <string>
#include <vector>

#include "hqsam/config/yaml_file.h"
#include "hqsam/core/choose.h"

namespace hqsam {

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
  // A list, or one word alone.
  template <class E, size_t N>
  void read(const std::string& key, std::vector<E>& values, const Choice<E> (&choices)[N]) {
    if (!take(key)) return;
    values.clear();
    for (const std::string& word : list(key)) values.push_back(choose(word, choices, "load_config", at(key)));
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
