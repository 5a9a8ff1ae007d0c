// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/pairing_rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "hqsam/core/text.h"
#include "hqsam/data/picture_names.h"
#include "hqsam/image/picture_endings.h"

namespace hqsam::pairing {
namespace {

constexpr std::array<std::string_view, 13> kMaskWords = {"mask",  "masks",        "gt",         "label",   "labels",
                                                         "seg",   "segmentation", "annotation", "manual1", "matte",
                                                         "alpha", "groundtruth",  "target"};

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// The common prefix of all names, without digits at its end.
std::string common_beginning(const std::vector<std::string>& names) {
  if (names.empty()) return "";
  std::string common = names.front();
  for (const std::string& name : names) {
    const auto end = std::mismatch(common.begin(), common.end(), name.begin(), name.end()).first;
    common.erase(end, common.end());
  }
  while (!common.empty() && std::isdigit(static_cast<unsigned char>(common.back())) != 0) common.pop_back();
  return common;
}

}  // namespace

std::optional<std::string> without_picture_ending(const std::string& name) {
  for (const std::string_view ending : kPictureEndings) {
    if (has_extension(name, ending)) return name.substr(0, name.size() - ending.size());
  }
  return std::nullopt;
}

std::optional<std::string> without_ending(const std::string& name, const std::string& ending) {
  if (ending.empty()) return without_picture_ending(name);
  if (!has_extension(name, ending)) return std::nullopt;
  return name.substr(0, name.size() - ending.size());
}

std::string file_part(const std::string& name) { return name.substr(name.rfind('/') + 1); }
std::string folder_part(const std::string& name) {
  const size_t slash = name.rfind('/');
  return slash == std::string::npos ? "" : name.substr(0, slash + 1);
}

std::string if_there(const Keys& pictures, const std::string& key) { return pictures.contains(key) ? key : ""; }

std::string same_name(const Keys& pictures, const std::string& key) { return if_there(pictures, key); }

std::string word_around(const Keys& pictures, const std::string& key) {
  const std::string folder = folder_part(key), name = file_part(key), small = lower_case(name);
  for (const std::string_view word : kMaskWords) {
    for (const char mark : {'_', '-', '.'}) {
      const std::string behind = std::string(1, mark) + std::string(word), before = std::string(word) + mark;
      if (small.size() > behind.size() && small.ends_with(behind)) {
        return if_there(pictures, folder + name.substr(0, name.size() - behind.size()));
      }
      if (small.size() > before.size() && small.starts_with(before)) {
        return if_there(pictures, folder + name.substr(before.size()));
      }
    }
  }
  return "";
}

std::string whole_name(const Keys& pictures, const std::string& key) {
  const auto stem = without_picture_ending(key);
  const auto found = stem ? pictures.find(*stem) : pictures.end();
  return found != pictures.end() && found->second->name.ends_with(file_part(key)) ? *stem : "";
}

std::string number_behind(const Keys& pictures, const std::string& key) {
  const size_t mark = key.find_last_of("_-.");
  if (mark == std::string::npos || !all_digits(std::string_view(key).substr(mark + 1))) return "";
  const std::string rest = key.substr(0, mark);
  if (pictures.contains(rest)) return rest;
  return word_around(pictures, rest);  // a_mask_0
}

std::string folder_of_its_name(const Keys& pictures, const std::string& key) {
  const std::string folder = folder_part(key);
  return folder.empty() ? "" : if_there(pictures, folder.substr(0, folder.size() - 1));
}

std::string folder_beside(const Keys& pictures, const std::string& key) {
  const std::string own = folder_part(key);
  if (own.empty()) return "";
  const std::string folder = own.substr(0, own.size() - 1), parent = folder_part(folder),
                    word = lower_case(file_part(folder));
  if (parent.empty() || std::find(kMaskWords.begin(), kMaskWords.end(), word) == kMaskWords.end()) return "";
  std::string found;
  for (auto at = pictures.lower_bound(parent); at != pictures.end() && at->first.starts_with(parent); ++at) {
    if (at->first.starts_with(own)) continue;
    if (!found.empty()) return "";
    found = at->first;
  }
  return found;
}

Rule other_beginning(const Keys& pictures, const std::vector<Named>& masks) {
  std::vector<std::string> of_pictures, of_masks;
  for (const auto& [key, file] : pictures) of_pictures.push_back(file_part(key));
  for (const Named& mask : masks) of_masks.push_back(file_part(mask.key));
  const std::string ours = common_beginning(of_pictures), theirs = common_beginning(of_masks);
  return [ours, theirs](const Keys& all, const std::string& key) {
    const std::string name = file_part(key);
    if (name.size() <= theirs.size()) return std::string();
    return if_there(all, folder_part(key) + ours + name.substr(theirs.size()));
  };
}

std::string stem_by_pattern(const std::string& pattern, const std::string& name) {
  const size_t at = pattern.find("{stem}");
  const std::string before = lower_case(pattern.substr(0, at)), behind = lower_case(pattern.substr(at + 6)),
                    small = lower_case(name);
  if (!small.starts_with(before)) return "";
  const size_t star = behind.find('*');
  if (star == std::string::npos) {
    if (!small.ends_with(behind) || name.size() <= before.size() + behind.size()) return "";
    return name.substr(before.size(), name.size() - before.size() - behind.size());
  }
  const std::string middle = behind.substr(0, star), end = behind.substr(star + 1);
  if (!small.ends_with(end)) return "";
  const size_t found = small.rfind(middle, small.size() - end.size());
  if (middle.empty() || found == std::string::npos || found <= before.size()) return "";
  return name.substr(before.size(), found - before.size());
}

}  // namespace hqsam::pairing
