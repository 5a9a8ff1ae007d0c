// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/pairing.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

constexpr std::array<std::string_view, 14> kPictureEndings = {
    ".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".npy", ".jfif", ".pgm", ".ppm", ".pbm", ".jpe"};
constexpr std::array<std::string_view, 13> kMaskWords = {"mask",  "masks",        "gt",         "label",   "labels",
                                                         "seg",   "segmentation", "annotation", "manual1", "matte",
                                                         "alpha", "groundtruth",  "target"};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool ends_in(const std::string& name, const std::string& ending) {
  return name.size() > ending.size() && lower(name).ends_with(lower(ending));
}

// The name without a picture's ending; nothing where it has none.
std::optional<std::string> without_picture_ending(const std::string& name) {
  for (const std::string_view ending : kPictureEndings) {
    if (ends_in(name, std::string(ending))) return name.substr(0, name.size() - ending.size());
  }
  return std::nullopt;
}

std::optional<std::string> without_ending(const std::string& name, const std::string& ending) {
  if (ending.empty()) return without_picture_ending(name);
  if (!ends_in(name, ending)) return std::nullopt;
  return name.substr(0, name.size() - ending.size());
}

bool is_plain(const std::string& ending) {
  return std::find(kPictureEndings.begin(), kPictureEndings.end(), lower(ending)) != kPictureEndings.end();
}

std::string file_part(const std::string& name) { return name.substr(name.rfind('/') + 1); }
std::string folder_part(const std::string& name) {
  const size_t slash = name.rfind('/');
  return slash == std::string::npos ? "" : name.substr(0, slash + 1);
}

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

struct Named {
  std::string key;  // name without its ending
  const DataFile* file;
};

using Keys = std::map<std::string, const DataFile*>;  // pictures by key

// The key of the picture that a mask's key leads to, or "".
using Rule = std::function<std::string(const Keys&, const std::string& key)>;

std::string if_there(const Keys& pictures, const std::string& key) { return pictures.contains(key) ? key : ""; }

std::string same_name(const Keys& pictures, const std::string& key) { return if_there(pictures, key); }

std::string word_around(const Keys& pictures, const std::string& key) {
  const std::string folder = folder_part(key), name = file_part(key), small = lower(name);
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

// What all names begin with, up to its last character that is no digit.
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

// "{stem}_*.png" against a mask's file name: what {stem} stands for, or "". One * at most on each side.
std::string stem_by_pattern(const std::string& pattern, const std::string& name) {
  const size_t at = pattern.find("{stem}");
  const std::string before = lower(pattern.substr(0, at)), behind = lower(pattern.substr(at + 6)), small = lower(name);
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

class Pairing {
 public:
  Pairing(const SetOptions& options, const SetFiles& files) : options_(options), files_(files) {}

  std::vector<PicturePair> run() {
    masks_ = keys_of_masks();
    pictures_ = keys_of_pictures();
    if (pictures_.empty() && others_.empty()) refuse_empty();
    choose_rule();
    if (owners_.empty()) by_file_names();
    if (pictures_.empty()) refuse_empty();
    check_leftovers();
    return pairs();
  }

 private:
  // Where both lie in one folder, a plain ending tells them apart where it is another one.
  std::vector<Named> keys_of_masks() const {
    std::vector<Named> masks;
    for (const DataFile& file : files_.together ? files_.images : files_.masks) {
      const auto key = without_ending(file.name, options_.mask_name.empty() ? options_.mask_ext : "");
      if (key) masks.push_back({*key, &file});
    }
    return masks;
  }

  Keys keys_of_pictures() {
    Keys pictures, others;
    std::set<std::string> masks;  // with pictures in one folder: a longer ending says which are masks
    if (files_.together && !options_.mask_ext.empty() && !is_plain(options_.mask_ext)) {
      for (const Named& mask : masks_) masks.insert(mask.file->name);
    }
    for (const DataFile& file : files_.images) {
      if (masks.contains(file.name)) continue;
      if (const auto key = without_ending(file.name, options_.image_ext)) {
        add_picture(pictures, *key, file);
      } else if (const auto other = without_picture_ending(file.name);
                 other && is_plain(options_.image_ext) && !files_.together) {
        others.emplace(*other, &file);
      }
    }
    others_ = std::move(others);
    return pictures;
  }

  void add_picture(Keys& pictures, const std::string& key, const DataFile& file) const {
    const auto [at, added] = pictures.emplace(key, &file);
    if (added || files_.together) {
      // One folder: of a.jpg and a.png the JPEG is the picture.
      if (!added && is_jpeg_name(file.name)) at->second = &file;
      return;
    }
    fail("FolderDataset", "data set '{}': {} and {} share a stem; set image_ext, or rename one", options_.name,
         at->second->label(), file.label());
  }

  static bool is_jpeg_name(const std::string& name) { return ends_in(name, ".jpg") || ends_in(name, ".jpeg"); }

  void choose_rule() {
    if (!options_.mask_name.empty()) {
      owners_ = owners([&](const Keys& all, const Named& mask) { return by_mask_name(all, mask); }, pictures_);
      take_others([&](const Keys& all, const Named& mask) { return by_mask_name(all, mask); });
      return;
    }
    const std::pair<const char*, Rule> rules[] = {{"the same name", same_name},
                                                  {"a word around the name", word_around},
                                                  {"the whole file name", whole_name},
                                                  {"a number behind the name", number_behind},
                                                  {"a folder of the name", folder_of_its_name},
                                                  {"another beginning", other_beginning(pictures_, masks_)}};
    size_t most = 0;
    const Rule* best = nullptr;
    for (const auto& [what, rule] : rules) {
      const auto by = [&, &rule = rule](const Keys& all, const Named& mask) { return rule(all, mask.key); };
      auto found = owners(by, pictures_);
      std::set<std::string> served;
      for (const auto& [mask, picture] : found) served.insert(picture);
      if (served.size() <= most || (!enough(what, served.size()))) continue;
      most = served.size();
      best = &rule;
      owners_ = std::move(found);
      rule_ = what;
    }
    if (best == nullptr && others_.empty()) return;
    const Rule& chosen = best == nullptr ? rules[0].second : *best;
    take_others([&](const Keys& all, const Named& mask) { return chosen(all, mask.key); });
  }

  // A few folders or beginnings can fit by chance, such as masks in folders 0, 1, 2 beside thousands of pictures.
  bool enough(const std::string& rule, size_t served) const {
    const bool loose = rule == "a folder of the name" || rule == "another beginning";
    return !loose || files_.together || 2 * served >= pictures_.size();
  }

  using ByMask = std::function<std::string(const Keys&, const Named&)>;

  std::string by_mask_name(const Keys& all, const Named& mask) const {
    const std::string stem = stem_by_pattern(options_.mask_name, file_part(mask.file->name));
    return stem.empty() ? "" : if_there(all, folder_part(mask.file->name) + stem);
  }

  std::map<const DataFile*, std::string> owners(const ByMask& rule, const Keys& pictures) const {
    std::map<const DataFile*, std::string> found;
    for (const Named& mask : masks_) {
      const std::string picture = rule(pictures, mask);
      if (!picture.empty() && pictures.at(picture) != mask.file) found[mask.file] = picture;
    }
    return found;
  }

  // Pictures of other endings, where no picture of the set's own ending has their name and a mask wants them.
  void take_others(const ByMask& rule) {
    std::erase_if(others_, [&](const auto& other) { return pictures_.contains(other.first); });
    if (others_.empty()) return;
    std::vector<std::string> taken;
    for (const auto& [mask, picture] : owners(rule, others_)) {
      if (owners_.contains(mask)) continue;
      owners_[mask] = picture;
      if (pictures_.emplace(picture, others_.at(picture)).second) taken.push_back(others_.at(picture)->name);
    }
    if (!taken.empty()) {
      spdlog::warn("data set '{}': {} pictures end otherwise than {} and are taken too: {}", options_.name,
                   taken.size(), options_.image_ext, first_few(taken));
    }
    if (others_.size() > taken.size()) {
      spdlog::warn("data set '{}': {} pictures that end otherwise than {} are left out", options_.name,
                   others_.size() - taken.size(), options_.image_ext);
    }
  }

  // No folder fits: names alone, where each comes once.
  void by_file_names() {
    Keys flat;
    std::map<std::string, std::string> whole;
    for (const auto& [key, file] : pictures_) {
      if (!flat.emplace(file_part(key), file).second) return;
      whole[file_part(key)] = key;
    }
    std::map<std::string, int> times;
    for (const Named& mask : masks_) ++times[file_part(mask.key)];
    for (const Named& mask : masks_) {
      const std::string name = file_part(mask.key);
      std::string picture = same_name(flat, name);
      if (picture.empty()) picture = word_around(flat, name);
      if (picture.empty() || times[name] > 1 || flat.at(picture) == mask.file) continue;
      owners_[mask.file] = whole.at(picture);
    }
    if (!owners_.empty()) rule_ = "names without their folders";
  }

  void check_leftovers() {
    std::set<std::string> served;
    std::set<const DataFile*> used;
    for (const auto& [mask, picture] : owners_) {
      served.insert(picture);
      used.insert(mask);
    }
    std::vector<std::string> lonely_pictures, lonely_masks;
    for (const auto& [key, file] : pictures_) {
      if (!served.contains(key) && !used.contains(file)) lonely_pictures.push_back(file->name);
    }
    for (const Named& mask : masks_) {
      const bool picture = files_.together && pictures_.contains(mask.key) && pictures_.at(mask.key) == mask.file;
      if (!used.contains(mask.file) && !picture) lonely_masks.push_back(mask.file->name);
    }
    const std::string where = files_.together ? "" : " in " + options_.masks.string();
    if (served.empty() || (!lonely_pictures.empty() && !lonely_masks.empty())) {
      fail("FolderDataset",
           "data set '{}': {} of {} pictures in {} have no mask{} ({}), and {} masks have no picture ({}): set "
           "mask_name "
           "(such as \"{{stem}}_mask.png\"), image_ext or mask_ext",
           options_.name, lonely_pictures.size(), pictures_.size(), options_.images.string(), where,
           first_few(lonely_pictures), lonely_masks.size(), first_few(lonely_masks));
    }
    if (!lonely_pictures.empty()) {
      spdlog::warn("data set '{}': {} of {} pictures have no mask and are left out: {}", options_.name,
                   lonely_pictures.size(), pictures_.size(), first_few(lonely_pictures));
    }
    if (!lonely_masks.empty()) {
      spdlog::warn("data set '{}': {} masks have no picture and are left out: {}", options_.name, lonely_masks.size(),
                   first_few(lonely_masks));
    }
    if (rule_ != "the same name" && !rule_.empty()) {
      spdlog::info("data set '{}': masks find their pictures by {}", options_.name, rule_);
    }
  }

  std::vector<PicturePair> pairs() const {
    std::map<std::string, PicturePair> by_key;
    for (const auto& [mask, key] : owners_) {
      PicturePair& pair = by_key[key];
      pair.name = key;
      pair.image = *pictures_.at(key);
      pair.masks.push_back(*mask);
    }
    std::vector<PicturePair> pairs;
    for (auto& [key, pair] : by_key) {
      std::sort(pair.masks.begin(), pair.masks.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
      check_several(pair);
      pairs.push_back(std::move(pair));
    }
    std::sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.image.name < b.image.name; });
    add_coarse(pairs);
    return pairs;
  }

  // a.png and a.gif are one mask twice, not two.
  void check_several(const PicturePair& pair) const {
    std::map<std::string, std::string> names;
    for (const DataFile& mask : pair.masks) {
      const std::string key = without_picture_ending(mask.name).value_or(mask.name);
      const auto [at, added] = names.emplace(key, mask.name);
      if (added) continue;
      fail("FolderDataset", "data set '{}': {} and {} share a stem; set mask_ext, or rename one", options_.name,
           at->second, mask.name);
    }
  }

  void add_coarse(std::vector<PicturePair>& pairs) const {
    if (files_.coarse.empty()) return;
    std::map<std::string, const DataFile*> coarse;
    for (const DataFile& file : files_.coarse) {
      if (const auto key = without_ending(file.name, options_.coarse_ext)) coarse[*key] = &file;
    }
    std::vector<std::string> missing;
    for (PicturePair& pair : pairs) {
      const auto found = coarse.find(pair.name);
      if (found == coarse.end()) {
        missing.push_back(pair.image.name);
      } else {
        pair.coarse = *found->second;
      }
    }
    if (missing.empty()) return;
    fail("FolderDataset", "data set '{}': {} of {} pictures have no *{} in {}: {}", options_.name, missing.size(),
         pairs.size(), options_.coarse_ext, options_.coarse.string(), first_few(missing));
  }

  [[noreturn]] void refuse_empty() const {
    std::map<std::string, int64_t> endings;
    for (const DataFile& file : files_.images) {
      const std::string name = file_part(file.name);
      const size_t dot = name.rfind('.');
      ++endings[dot == std::string::npos ? "no ending" : lower(name.substr(dot))];
    }
    std::vector<std::string> found;
    for (const auto& [ending, count] : endings) found.push_back(fmt::format("{} {}", count, ending));
    fail("FolderDataset", "data set '{}': no {} in {}: there are {}{}", options_.name,
         options_.image_ext.empty() ? "pictures" : "*" + options_.image_ext, options_.images.string(),
         found.empty() ? "no files" : first_few(found), found.empty() ? "" : "; set image_ext");
  }

  const SetOptions& options_;
  const SetFiles& files_;
  std::vector<Named> masks_;
  Keys pictures_, others_;
  std::map<const DataFile*, std::string> owners_;  // the picture's key of each mask
  std::string rule_;
};

}  // namespace

bool is_picture_name(const std::string& name) { return without_picture_ending(name).has_value(); }

std::vector<PicturePair> pair_files(const SetOptions& options, const SetFiles& files) {
  return Pairing(options, files).run();
}

}  // namespace hqsam
