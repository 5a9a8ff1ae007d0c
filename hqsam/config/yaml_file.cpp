// SPDX-License-Identifier: Apache-2.0
#include "hqsam/config/yaml_file.h"

#include <yaml-cpp/eventhandler.h>

#include <charconv>
#include <filesystem>
#include <set>
#include <sstream>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

// Takes no note of what a parser sees.
class Unheeding : public YAML::EventHandler {
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// YAML::LoadAll would not come back from a stray token behind a document, such as a comma: it makes empty documents
// of it until the memory is gone.
bool holds_several_documents(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Unheeding handler;
  return parser.HandleNextDocument(handler) && parser.HandleNextDocument(handler);
}

YAML::Node parse(const std::string& name, const std::string& text) {
  YAML::Node document;
  try {
    if (holds_several_documents(text)) {
      fail("load_config", "{}: holds several YAML documents, or something behind its first, expected one", name);
    }
    document.reset(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    fail("load_config", "{}:{}: not valid YAML: {}", name, error.mark.line + 1, error.msg);
  }
  if (document.IsNull()) fail("load_config", "{}: is empty", name);
  return document;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t end; (end = text.find(separator, begin)) != std::string::npos; begin = end + 1) {
    parts.push_back(text.substr(begin, end - begin));
  }
  parts.push_back(text.substr(begin));
  return parts;
}

size_t list_index(const std::string& text, size_t count, const std::string& source) {
  size_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size() || index >= count) {
    fail("load_config", "{}: '{}' is not one of the list's {} items (0, 1, ...)", source, text, count);
  }
  return index;
}

// Nodes are handles: a copy refers to the same node, and assigning a node to a child puts it into the tree.
void set_value(YAML::Node node, const std::vector<std::string>& keys, size_t depth, const YAML::Node& value,
               const std::string& source) {
  if (node.IsScalar()) {
    fail("load_config", "{}: '{}' is a key of a single value, which has none", source, keys[depth]);
  }
  const bool last = depth + 1 == keys.size();
  if (node.IsSequence()) {
    const size_t index = list_index(keys[depth], node.size(), source);
    if (last) {
      node[index] = value;
    } else {
      set_value(node[index], keys, depth + 1, value, source);
    }
    return;
  }
  if (!node.IsMap() && !node.IsNull()) {
    fail("load_config", "{}: there is no mapping that '{}' could be a key of", source, keys[depth]);
  }
  if (last) {
    node[keys[depth]] = value;
    return;
  }
  if (!node[keys[depth]] || node[keys[depth]].IsNull()) node[keys[depth]] = YAML::Node(YAML::NodeType::Map);
  set_value(node[keys[depth]], keys, depth + 1, value, source);
}

YAML::Node read(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) fail("load_config", "{}: no such file", path);
  const YAML::Node document = parse(path, read_file(path));
  if (!document.IsMap()) fail("load_config", "{}: expected a mapping such as 'train: {{epochs: 12}}'", path);
  return document;
}

}  // namespace

YamlFile::YamlFile(const std::vector<std::string>& paths, const std::vector<std::string>& sets,
                   const std::vector<Override>& options) {
  if (paths.empty()) fail("load_config", "expected at least one file");
  first_ = paths.front();
  root_.reset(read(first_));
  for (size_t i = 1; i < paths.size(); ++i) lay_over(root_, read(paths[i]), "", paths[i]);
  for (const std::string& set : sets) apply(set);
  for (const Override& option : options) apply(option);
}

void YamlFile::lay_over(YAML::Node below, const YAML::Node& above, const std::string& path, const std::string& name) {
  std::set<std::string> seen;
  for (const auto& pair : above) {
    const int line = pair.first.Mark().line + 1;
    if (!pair.first.IsScalar()) fail("load_config", "{}:{}: a key must be a word", name, line);
    const std::string& key = pair.first.Scalar();
    const std::string full = path.empty() ? key : path + "." + key;
    if (!seen.insert(key).second) fail("load_config", "{}:{}: the key '{}' comes twice", name, line, full);
    const YAML::Node before = std::as_const(below)[key];
    if (before && before.IsMap() && pair.second.IsMap()) {
      lay_over(before, pair.second, full, name);
      continue;
    }
    if (before && before.IsMap() && pair.second.IsNull()) continue;  // a section of which all is commented out
    below.remove(key);
    below.force_insert(pair.first, pair.second);
    origins_[full] = name;
  }
}

const std::string& YamlFile::file_of(std::string path) const {
  for (;;) {
    const auto found = origins_.find(path);
    if (found != origins_.end()) return found->second;
    const size_t dot = path.rfind('.');
    if (dot == std::string::npos) return first_;
    path.resize(dot);
  }
}

void YamlFile::apply(const std::string& set) {
  const std::string source = "--set " + set;
  const size_t equals = set.find('=');
  if (equals == std::string::npos || equals == 0) {
    fail("load_config", "{}: expected key=value, such as train.epochs=2", source);
  }
  const std::string path = set.substr(0, equals);
  const std::vector<std::string> keys = split(path, '.');
  for (const std::string& key : keys) {
    if (key.empty()) fail("load_config", "{}: the key '{}' has an empty part", source, path);
  }
  YAML::Node value;
  try {
    const std::string yaml = set.substr(equals + 1);
    if (holds_several_documents(yaml)) fail("load_config", "{}: there is something behind the value", source);
    value.reset(YAML::Load(yaml));
  } catch (const YAML::Exception& error) {
    fail("load_config", "{}: the value is not valid YAML: {}", source, error.msg);
  }
  set_value(root_, keys, 0, value, source);
  overrides_[path] = source;
}

void YamlFile::apply(const Override& option) {
  YAML::Node value;
  std::string shown;
  if (const auto* number = std::get_if<int64_t>(&option.value)) value = shown = std::to_string(*number);
  if (const auto* word = std::get_if<std::string>(&option.value)) value = shown = *word;
  if (const auto* words = std::get_if<std::vector<std::string>>(&option.value)) {
    value = *words;
    shown = fmt::format("{}", fmt::join(*words, ","));
  }
  const std::string source = option.option + " " + shown;
  set_value(root_, split(option.key, '.'), 0, value, source);
  overrides_[option.key] = source;
}

std::string YamlFile::where(const std::string& path, const YAML::Node& node) const {
  for (std::string prefix = path;;) {
    const auto found = overrides_.find(prefix);
    if (found != overrides_.end()) return found->second;
    const size_t dot = prefix.rfind('.');
    if (dot == std::string::npos) break;
    prefix.resize(dot);
  }
  if (node.Mark().is_null()) {  // a mapping that an override made to put its value in
    const auto within = overrides_.lower_bound(path + ".");
    if (within != overrides_.end() && within->first.starts_with(path + ".")) return within->second;
    return file_of(path);
  }
  return fmt::format("{}:{}", file_of(path), node.Mark().line + 1);
}

}  // namespace hqsam
