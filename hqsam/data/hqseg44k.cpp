// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/hqseg44k.h"

#include <algorithm>
#include <set>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFunction = "hqseg44k";

struct Published {
  const char* source;  // whose licence holds
  const char* name;
  const char *images, *masks;
  int64_t pictures;
  bool trains;
};

// Ke et al., Segment Anything in High Quality, NeurIPS 2023, and the folders of its published data.
constexpr Published kSets[] = {
    {"DIS5K", "DIS5K-TR", "DIS5K/DIS-TR/im", "DIS5K/DIS-TR/gt", 3000, true},
    {"ThinObject5K", "ThinObject5k-TR", "thin_object_detection/ThinObject5K/images_train",
     "thin_object_detection/ThinObject5K/masks_train", 4748, true},
    {"FSS", "FSS", "cascade_psp/fss_all", "cascade_psp/fss_all", 10000, true},
    {"DUTS", "DUTS-TR", "cascade_psp/DUTS-TR", "cascade_psp/DUTS-TR", 10553, true},
    {"DUTS", "DUTS-TE", "cascade_psp/DUTS-TE", "cascade_psp/DUTS-TE", 5019, true},
    {"ECSSD", "ECSSD", "cascade_psp/ecssd", "cascade_psp/ecssd", 1000, true},
    {"MSRA10K", "MSRA10K", "cascade_psp/MSRA_10K", "cascade_psp/MSRA_10K", 10000, true},
    {"DIS5K", "DIS5K-VD", "DIS5K/DIS-VD/im", "DIS5K/DIS-VD/gt", 470, false},
    {"COIFT", "COIFT", "thin_object_detection/COIFT/images", "thin_object_detection/COIFT/masks", 280, false},
    {"HRSOD", "HRSOD", "thin_object_detection/HRSOD/images", "thin_object_detection/HRSOD/masks_max255", 287, false},
    {"ThinObject5K", "ThinObject5k-TE", "thin_object_detection/ThinObject5K/images_test",
     "thin_object_detection/ThinObject5K/masks_test", 500, false}};

bool names(const std::string& word, const Published& set) {
  return lower_case(word) == lower_case(set.source) || lower_case(word) == lower_case(set.name);
}

bool holds_sets(const fs::path& folder) {
  std::error_code error;
  return std::any_of(std::begin(kSets), std::end(kSets),
                     [&](const Published& set) { return fs::is_directory(folder / set.images, error); });
}

fs::path find_root(const fs::path& root) {
  std::error_code error;
  if (!fs::is_directory(root, error)) fail(kFunction, "no folder {}", root.string());
  if (holds_sets(root)) return root;
  for (const auto& entry : fs::directory_iterator(root)) {
    if (entry.is_directory(error) && holds_sets(entry.path())) return entry.path();
  }
  fail(kFunction,
       "{} holds none of HQSeg-44K's folders: it should have DIS5K, cascade_psp and thin_object_detection, as the "
       "published data has",
       root.string());
}

int64_t count_pictures(const fs::path& folder) {
  int64_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder))
    count += lower_case(entry.path().extension().string()) == ".jpg";
  return count;
}

SetOptions options_of(const Published& set, const fs::path& root) {
  SetOptions options;
  options.name = set.name;
  options.format = SetFormat::kFolder;
  options.images = root / set.images;
  options.masks = root / set.masks;
  options.image_ext = ".jpg";
  options.mask_ext = ".png";
  options.mask.kind = MaskFileKind::kSoft;  // as the reference reads them
  return options;
}

}  // namespace

HqSeg44k find_hqseg44k(const fs::path& given, const std::vector<std::string>& exclude) {
  for (const std::string& word : exclude) {
    const bool known = std::any_of(std::begin(kSets), std::end(kSets), [&](const auto& s) { return names(word, s); });
    if (known) continue;
    std::vector<std::string> all;
    for (const Published& set : kSets) all.emplace_back(set.name);
    fail(kFunction, "exclude: '{}' is none of HQSeg-44K's sets{}", word, did_you_mean(word, all));
  }
  const fs::path root = find_root(given);
  HqSeg44k found;
  std::vector<std::string> missing;
  for (const Published& set : kSets) {
    if (std::any_of(exclude.begin(), exclude.end(), [&](const std::string& word) { return names(word, set); }))
      continue;
    std::error_code error;
    const SetOptions options = options_of(set, root);
    bool there = true;
    for (const fs::path& folder : {options.images, options.masks}) {
      if (fs::is_directory(folder, error)) continue;
      there = false;
      missing.push_back(folder.lexically_relative(root).string());
    }
    if (!there) continue;
    const int64_t pictures = count_pictures(options.images);
    spdlog::log(pictures == set.pictures ? spdlog::level::info : spdlog::level::warn,
                "HQSeg-44K: {} has {} pictures, published are {}", set.name, pictures, set.pictures);
    (set.trains ? found.train : found.valid).push_back(options);
  }
  if (!missing.empty()) {
    fail(kFunction, "{} lacks {} of HQSeg-44K's folders: {}; exclude leaves sets out", root.string(), missing.size(),
         first_few(missing));
  }
  return found;
}

}  // namespace hqsam
