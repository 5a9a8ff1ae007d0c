// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/split_sets.h"

#include <algorithm>

#include "hqsam/data/folder_words.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

// A part of a set: the subfolder of this name in each of its folders. The options are empty if one is missing.
SetOptions part_of(const SetOptions& set, const std::string& name) {
  SetOptions part = set;
  part.name = set.name + "_" + name;
  for (fs::path* path : {&part.images, &part.masks, &part.annotations}) {
    if (path->empty()) continue;
    *path /= name;
    std::error_code error;
    if (!fs::is_directory(*path, error)) return {};
  }
  return part;
}

}  // namespace

bool split_by_folders(const SetOptions& set, FoundSets& found) {
  if (set.masks.empty() && set.annotations.empty()) return false;
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(set.images, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with('.') && entry.is_directory(error)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  FoundSets parts;
  for (const std::string& name : names) {
    const Use use = use_of_name(name);
    const SetOptions part = part_of(set, name);
    if (use == Use::kAny) return false;
    if (part.images.empty()) continue;  // a part without masks, for prediction
    (use == Use::kTrain ? parts.train : parts.valid).push_back(part);
  }
  if (parts.train.empty()) return false;
  found.train.insert(found.train.end(), parts.train.begin(), parts.train.end());
  found.valid.insert(found.valid.end(), parts.valid.begin(), parts.valid.end());
  return true;
}

}  // namespace hqsam
