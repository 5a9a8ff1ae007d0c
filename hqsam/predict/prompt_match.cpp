// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/prompt_match.h"

#include <algorithm>
#include <map>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

using Parts = std::vector<std::string>;

Parts parts_of(const std::string& path) {
  Parts parts(1);
  for (const char c : path) {
    if (c == '/' || c == '\\') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  std::erase_if(parts, [](const std::string& part) { return part.empty() || part == "."; });
  return parts;
}

// Whether the folders in a name match the picture's folders.
bool folders_fit(const Parts& name, const Parts& picture) {
  if (name.size() > picture.size()) return false;
  return std::equal(name.rbegin() + 1, name.rend(), picture.rbegin() + 1);
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// The digits without leading zeros, so that numbers of any length can be compared as text.
std::string plain_number(const std::string& digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size() - 1));
}

// "139" of 000000000139 and COCO_val2014_000000000139, else "".
std::string number_of_stem(std::string stem) {
  if (stem.starts_with("COCO_")) stem = stem.substr(stem.rfind('_') + 1);
  return is_number(stem) ? plain_number(stem) : "";
}

class Matcher {
 public:
  Matcher(const std::vector<std::string>& names, const std::vector<std::filesystem::path>& pictures)
      : names_(names), pictures_(pictures) {
    match_.name_of.resize(pictures.size());
    match_.error.resize(pictures.size());
    for (size_t i = 0; i < names.size(); ++i) {
      name_parts_.push_back(parts_of(names[i]));
      if (name_parts_.back().empty()) continue;
      by_last_[name_parts_.back().back()].push_back(i);
      if (is_number(names[i])) by_number_[plain_number(names[i])].push_back(i);
    }
    for (const auto& picture : pictures) {
      picture_parts_.push_back(parts_of(std::filesystem::absolute(picture).lexically_normal().string()));
    }
  }

  PromptMatch match() {
    for (size_t i = 0; i < pictures_.size(); ++i) by_path(i);
    by_numbers();
    for (size_t i = 0; i < pictures_.size(); ++i) by_last_part(i);
    std::vector<bool> used(names_.size());
    for (const auto& name : match_.name_of) {
      if (name) used[*name] = true;
    }
    for (size_t i = 0; i < names_.size(); ++i) {
      if (!used[i]) match_.unused.push_back(names_[i]);
    }
    return std::move(match_);
  }

 private:
  bool settled(size_t picture) const { return match_.name_of[picture] || !match_.error[picture].empty(); }

  // Names with this last part; empty if there are none.
  const std::vector<size_t>& ending_in(const std::string& last) const {
    static const std::vector<size_t> kNone;
    const auto at = by_last_.find(last);
    return at == by_last_.end() ? kNone : at->second;
  }

  void by_path(size_t picture) {
    const std::string file = pictures_[picture].filename().string(), stem = pictures_[picture].stem().string();
    for (const std::string& last : {file, stem}) {
      std::vector<size_t> longest;
      for (const size_t name : ending_in(last)) {
        if (!folders_fit(name_parts_[name], picture_parts_[picture])) continue;
        if (!longest.empty() && name_parts_[name].size() < name_parts_[longest.front()].size()) continue;
        if (!longest.empty() && name_parts_[name].size() > name_parts_[longest.front()].size()) longest.clear();
        longest.push_back(name);
      }
      settle(picture, longest);
      if (settled(picture)) return;
    }
  }

  void settle(size_t picture, const std::vector<size_t>& candidates) {
    if (candidates.size() == 1) match_.name_of[picture] = candidates.front();
    if (candidates.size() > 1) {
      std::vector<std::string> all;
      for (const size_t name : candidates) all.push_back("'" + names_[name] + "'");
      match_.error[picture] = fmt::format("the prompts of {} may be any: which are its?", first_few(all));
    }
  }

  void by_numbers() {
    std::vector<bool> taken(names_.size());
    for (const auto& name : match_.name_of) {
      if (name) taken[*name] = true;
    }
    std::map<std::string, std::vector<size_t>> pictures;
    for (size_t i = 0; i < pictures_.size(); ++i) {
      const std::string number = settled(i) ? "" : number_of_stem(pictures_[i].stem().string());
      if (!number.empty() && by_number_.contains(number)) pictures[number].push_back(i);
    }
    for (const auto& [number, same] : pictures) {
      std::vector<size_t> names = by_number_[number];
      std::erase_if(names, [&](size_t name) { return taken[name]; });
      for (const size_t picture : same) {
        settle(picture, names);
        if (names.empty() || same.size() == 1) continue;
        match_.name_of[picture].reset();
        match_.error[picture] = fmt::format("'{}' may be {} and {}: give file names", number,
                                            pictures_[same[0]].string(), pictures_[same[1]].string());
      }
    }
  }

  void by_last_part(size_t picture) {
    if (settled(picture)) return;
    const std::string file = pictures_[picture].filename().string(), stem = pictures_[picture].stem().string();
    const std::vector<size_t>& names = ending_in(file).empty() ? ending_in(stem) : ending_in(file);
    settle(picture, names);
    if (match_.name_of[picture]) match_.other_folder.push_back(names_[*match_.name_of[picture]]);
  }

  const std::vector<std::string>& names_;
  const std::vector<std::filesystem::path>& pictures_;
  std::vector<Parts> name_parts_, picture_parts_;
  std::map<std::string, std::vector<size_t>> by_last_, by_number_;
  PromptMatch match_;
};

}  // namespace

PromptMatch match_prompts(const std::vector<std::string>& names, const std::vector<std::filesystem::path>& pictures) {
  return Matcher(names, pictures).match();
}

}  // namespace hqsam
