// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/folder_words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <set>
#include <string_view>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 13> kPictureWords = {"image",    "images", "img",     "imgs", "im",
                                                            "picture",  "photo",  "photos",  "data", "jpeg",
                                                            "original", "sat",    "pictures"};
constexpr std::array<std::string_view, 21> kMaskWords = {
    "mask",   "masks", "gt",      "ground",       "truth",         "groundtruth", "label",
    "labels", "anno",  "annot",   "annotation",   "annotations",   "alpha",       "matte",
    "mattes", "seg",   "matting", "segmentation", "segmentations", "map",         "maps"};
constexpr std::array<std::string_view, 3> kTrainWords = {"train", "training", "tr"};
constexpr std::array<std::string_view, 7> kValidateWords = {"val",     "valid", "validation", "test",
                                                            "testing", "te",    "dev"};

template <size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_upper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }
bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

// Runs of letters, lower case; a capital begins one: "ShadowImages" and "JPEGImages" are two each.
std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words;
  for (size_t i = 0; i < name.size(); ++i) {
    if (!is_letter(name[i])) continue;
    const bool after_letter = i > 0 && is_letter(name[i - 1]);
    const bool small_before = after_letter && !is_upper(name[i - 1]);
    const bool small_behind = i + 1 < name.size() && is_letter(name[i + 1]) && !is_upper(name[i + 1]);
    if (!after_letter || (is_upper(name[i]) && (small_before || small_behind))) words.emplace_back();
    words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
  }
  return words;
}

struct Named {
  fs::path path;
  bool masks = false;
  std::string rest;  // the words that say neither pictures nor masks
};

Named named(const fs::path& path) {
  Named folder{path, false, ""};
  for (const std::string& word : words_of(path.filename().string())) {
    if (is_one_of(kMaskWords, word)) {
      folder.masks = true;
    } else if (!is_one_of(kPictureWords, word)) {
      folder.rest += word + " ";
    }
  }
  return folder;
}

// "trainannot" holds masks if there is a folder "train".
void find_joined_names(std::vector<Named>& folders) {
  std::set<std::string> names;
  for (const Named& folder : folders) names.insert(folder.path.filename().string());
  for (Named& folder : folders) {
    const std::string name = folder.path.filename().string();
    for (const std::string_view word : kMaskWords) {
      if (folder.masks || !name.ends_with(word)) continue;
      const std::string rest = name.substr(0, name.size() - word.size());
      if (!names.contains(rest)) continue;
      folder.masks = true;
      folder.rest = named(rest).rest;
    }
  }
}

}  // namespace

Use use_of_name(const std::string& name) {
  bool train = false, validate = false;
  for (const std::string& word : words_of(name)) {
    train = train || is_one_of(kTrainWords, word);
    validate = validate || is_one_of(kValidateWords, word);
  }
  return train == validate ? Use::kAny : train ? Use::kTrain : Use::kValidate;
}

std::vector<FolderPair> pair_folders(const std::vector<fs::path>& given) {
  std::vector<Named> folders;
  for (const fs::path& path : given) folders.push_back(named(path));
  find_joined_names(folders);
  std::vector<FolderPair> pairs;
  const auto of_masks = std::count_if(folders.begin(), folders.end(), [](const Named& f) { return f.masks; });
  const bool alone = of_masks == 1 && folders.size() == 2;
  for (const Named& pictures : folders) {
    if (pictures.masks) continue;
    std::optional<FolderPair> pair;
    for (const Named& masks : folders) {
      if (!masks.masks || (!alone && masks.rest != pictures.rest)) continue;
      if (pair) {
        fail("find_sets", "{} and {} both could hold the masks of {}: name one by masks in a config",
             pair->masks.string(), masks.path.string(), pictures.path.string());
      }
      pair = {pictures.path, masks.path, use_of_name(pictures.path.filename().string())};
    }
    if (pair) pairs.push_back(*pair);
  }
  return pairs;
}

}  // namespace hqsam
