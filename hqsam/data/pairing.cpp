// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/pairing.h"

#include <algorithm>
#include <map>
#include <set>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/data/pairing_rules.h"
#include "hqsam/data/picture_names.h"
#include "hqsam/image/picture_endings.h"

namespace hqsam {
namespace {

using namespace pairing;

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
  // If both are in one folder, a different plain ending tells them apart.
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
    if (files_.together && !options_.mask_ext.empty() && !is_picture_ending(options_.mask_ext)) {
      for (const Named& mask : masks_) masks.insert(mask.file->name);
    }
    for (const DataFile& file : files_.images) {
      if (masks.contains(file.name)) continue;
      if (const auto key = without_ending(file.name, options_.image_ext)) {
        add_picture(pictures, *key, file);
      } else if (const auto other = without_picture_ending(file.name);
                 other && is_picture_ending(options_.image_ext) && !files_.together) {
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

  static bool is_jpeg_name(const std::string& name) {
    return has_extension(name, ".jpg") || has_extension(name, ".jpeg");
  }

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
                                                  {"a folder of masks beside the picture's", folder_beside},
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
      if (most == pictures_.size()) break;  // no rule can pair more
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

  // Adds pictures of other endings that match a mask and whose name no picture of the set's own ending has.
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
      spdlog::warn("data set '{}': {} pictures do not end in {} and are taken too: {}", options_.name, taken.size(),
                   options_.image_ext, first_few(taken));
    }
    if (others_.size() > taken.size()) {
      spdlog::warn("data set '{}': {} pictures that do not end in {} are left out", options_.name,
                   others_.size() - taken.size(), options_.image_ext);
    }
  }

  // If no folder fits, pairs by names alone, provided that each is unique.
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

  // Refuses a.png beside a.gif: they are probably one mask in two formats.
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
      ++endings[dot == std::string::npos ? "no ending" : lower_case(name.substr(dot))];
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
