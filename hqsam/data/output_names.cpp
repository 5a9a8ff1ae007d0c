// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/output_names.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/data/annotation_writer.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

// A path's folders. A shard's member ("a.tar:x/b.jpg") has folders of its own after the shard's name.
std::vector<std::string> parts_of(const std::string& path) {
  const size_t shard = path.rfind(".tar:");
  std::vector<std::string> parts;
  if (shard != std::string::npos) {
    parts.push_back(path.substr(0, shard + 5));
    for (const fs::path& part : fs::path(path.substr(shard + 5))) parts.push_back(part.string());
  } else {
    for (const fs::path& part : fs::path(path).lexically_normal()) parts.push_back(part.string());
  }
  return parts;
}

std::string joined(const std::vector<std::string>& parts, size_t first) {
  std::string name;
  for (size_t i = first; i < parts.size(); ++i) {
    if (parts[i] == "." || parts[i] == ".." || parts[i] == "/" || parts[i].ends_with(".tar:")) continue;
    name += (name.empty() ? "" : "/") + parts[i];
  }
  return name;
}

}  // namespace

std::vector<std::string> output_names(const std::vector<std::string>& paths, int64_t* renamed) {
  std::vector<std::vector<std::string>> parts;
  for (const std::string& path : paths) parts.push_back(parts_of(path));
  size_t common = parts.empty() ? 0 : parts[0].size() - 1;
  for (const auto& path : parts) {
    common = std::min(common, path.size() - 1);
    const auto differ = std::mismatch(path.begin(), path.begin() + static_cast<int64_t>(common), parts[0].begin());
    common = static_cast<size_t>(differ.first - path.begin());
  }
  std::vector<std::string> names;
  std::set<std::string> stems;
  for (const auto& path : parts) stems.insert(lower_case(stem_of(joined(path, common))));
  std::set<std::string> taken;
  for (const auto& path : parts) {
    std::string name = joined(path, common);
    const std::string stem = stem_of(name), ending = fs::path(name).extension().string();
    for (int64_t i = 2; !taken.insert(lower_case(stem_of(name))).second; ++i) {
      if (i == 2 && renamed != nullptr) ++*renamed;
      while (stems.contains(lower_case(fmt::format("{}_{}", stem, i)))) ++i;  // another picture's
      name = fmt::format("{}_{}{}", stem, i, ending);
    }
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace hqsam
