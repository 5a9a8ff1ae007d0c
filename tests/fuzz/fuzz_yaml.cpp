// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>
#include <unistd.h>

#include <tuple>

#include "harness.h"
#include "hqsam/config/yaml_map.h"

using namespace hqsam;

namespace {

constexpr Choice<int> kColours[] = {{0, "red"}, {1, "green"}, {2, "true"}};

void attempt(const auto& read) try { read(); } catch (const Error&) {
}

// Reads each key of a mapping as every type, then what lies below it. Aliases can make a small file a large tree,
// which no reader of a config walks, since it knows its keys: nodes_left bounds the walk.
void walk(const YamlFile& file, const YAML::Node& node, const std::string& path, int& nodes_left) {
  if (--nodes_left < 0 || std::count(path.begin(), path.end(), '.') > 5) return;
  YamlMap map(file, node, path);
  for (const auto& pair : node) {
    const std::string key = pair.first.Scalar(), below = path.empty() ? key : path + "." + key;
    std::tuple<int64_t, uint64_t, double, std::string> values;
    std::apply([&](auto&... value) { (attempt([&] { map.read(key, value); }), ...); }, values);
    int choice = 0;
    std::vector<int> choices;
    attempt([&] { map.read(key, choice, kColours); });
    attempt([&] { map.read(key, choices, kColours); });
    attempt([&] { map.maps(key); });
    attempt([&] { map.map(key).finish(); });
    attempt([&] { walk(file, pair.second, below, nodes_left); });
    for (size_t i = 0; pair.second.IsSequence() && i < pair.second.size(); ++i) {
      attempt([&] { walk(file, pair.second[i], below + "." + std::to_string(i), nodes_left); });
    }
  }
  map.finish();
}

}  // namespace

// The file, and behind zeros the overrides.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const int descriptor = ::memfd_create("fuzz.yaml", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  std::vector<std::string> parts(1);
  for (size_t i = 0; i < size; ++i) data[i] == 0 ? void(parts.emplace_back()) : parts.back().push_back(char(data[i]));
  const auto bytes = static_cast<ssize_t>(parts[0].size());
  fuzz::require(::ftruncate(descriptor, 0) == 0 && ::pwrite(descriptor, parts[0].data(), parts[0].size(), 0) == bytes);
  int nodes_left = 500;
  attempt([&] {
    const YamlFile file({path}, {parts.begin() + 1, parts.end()});
    walk(file, file.root(), "", nodes_left);
  });
  return 0;
}
