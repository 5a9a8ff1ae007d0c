// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/find_sets.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/text.h"
#include "hqsam/data/data_file.h"
#include "hqsam/data/folder_look.h"
#include "hqsam/data/folder_words.h"
#include "hqsam/data/pairing.h"
#include "hqsam/data/shards.h"
#include "hqsam/data/split_sets.h"
#include "hqsam/data/yolo_yaml.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFunction = "find_sets";
constexpr std::array kPictureFolders = {"images",   "image",      "im",       "imgs",  "img",
                                        "pictures", "JPEGImages", "original", "photos"};
constexpr std::array kMaskFolders = {"masks",   "mask",        "gt",     "labels",      "label",      "alpha",
                                     "matting", "groundtruth", "mattes", "annotations", "1st_manual", "manual"};

bool holds_pictures(const fs::path& folder) {
  if (!is_folder(folder)) return false;
  const std::vector<DataFile> files = files_in(folder);
  return std::any_of(files.begin(), files.end(), [](const DataFile& file) { return is_picture_name(file.name); });
}

// A folder's entry with this name, ignoring case.
fs::path entry_named(const fs::path& folder, const std::string& name) {
  for (const fs::path& entry : entries(folder)) {
    if (lower_case(entry.filename().string()) == lower_case(name)) return entry;
  }
  return {};
}

std::string set_name(const fs::path& path) {
  const fs::path clean = path.lexically_normal();
  const std::string name = clean.has_filename() ? clean.stem().string() : clean.parent_path().filename().string();
  return name.empty() || name == "." ? "mine" : name;
}

bool has_masks(const fs::path& json) { return read_file(json, kAnySize).find("\"segmentation\"") != std::string::npos; }

// Finds the pictures of a COCO JSON: beside it, or in a folder of a usual name beside it or one level up.
fs::path pictures_of_json(const fs::path& json) {
  const fs::path folder = json.parent_path();
  const std::string stem = json.stem().string();
  std::vector<fs::path> candidates;
  for (const fs::path& base : {folder, folder.parent_path()}) {
    const size_t mark = stem.rfind('_');
    if (mark != std::string::npos) candidates.push_back(base / stem.substr(mark + 1));  // instances_train2017
    for (const char* name : kPictureFolders) {
      if (mark != std::string::npos) candidates.push_back(base / name / stem.substr(mark + 1));
    }
    for (const char* name : kPictureFolders) candidates.push_back(base / name);
  }
  candidates.push_back(folder);
  for (const fs::path& candidate : candidates) {
    if (holds_pictures(candidate)) return candidate;
  }
  return folder.empty() ? "." : folder;
}

SetOptions coco_set(const fs::path& json) {
  SetOptions set;
  set.annotations = json;
  set.images = pictures_of_json(json);
  const bool telling = json.stem() != "_annotations.coco" && json.stem() != "result" && json.stem() != "annotations";
  set.name = set_name(telling ? json : fs::absolute(json).parent_path());
  return set;
}

// Refuses several folders of masks, since only people can choose: DRIVE's mask/ is the field of view, its 1st_manual/
// the vessels.
void refuse_two_mask_folders(const fs::path& folder, const fs::path& images) {
  std::vector<std::string> found;
  for (const char* name : kMaskFolders) {
    const fs::path masks = entry_named(folder, name);
    if (!masks.empty() && masks != images && holds_pictures(masks)) found.push_back(masks.filename().string());
  }
  if (found.size() < 2) return;
  fail("find_sets",
       "in {} the folders {} and {} could both hold the masks: name one by masks in a config, or move the other",
       folder.string(), found[0], found[1]);
}

// Pictures and masks in folders of usual names.
std::optional<SetOptions> folder_pair(const fs::path& folder, std::string& what) {
  for (const char* pictures : kPictureFolders) {
    const fs::path images = entry_named(folder, pictures);
    if (images.empty() || !holds_pictures(images)) continue;
    SetOptions set;
    set.name = set_name(folder);
    set.images = images;
    refuse_two_mask_folders(folder, images);
    for (const char* name : kMaskFolders) {
      const fs::path masks = entry_named(folder, name);
      if (masks.empty() || masks == images || !is_folder(masks)) continue;
      if (holds_pictures(masks)) {
        set.masks = masks;
        what = fmt::format("pictures in {} and masks in {}", images.filename().string(), masks.filename().string());
        return set;
      }
      if (first_file(masks, ".json") || first_file(masks, ".txt")) {
        set.annotations = masks;
        what =
            fmt::format("pictures in {} and annotations in {}", images.filename().string(), masks.filename().string());
        if (const auto jsons = files_ending(masks, ".json");
            jsons.size() == 1 && json_kind(jsons[0]) == JsonKind::kCoco) {
          set.annotations = jsons[0];
        }
        return set;
      }
    }
  }
  return std::nullopt;
}

// Pictures and masks in folders that belong together by the words of their names.
FoundSets pairs_by_words(const fs::path& folder, std::string& what) {
  std::vector<fs::path> folders = entries(folder);
  std::erase_if(folders, [](const fs::path& entry) { return !holds_pictures(entry); });
  FoundSets found;
  for (const FolderPair& pair : pair_folders(folders)) {
    SetOptions set;
    set.name = set_name(folder) + (pair.use == Use::kAny ? "" : pair.use == Use::kTrain ? "_train" : "_valid");
    set.images = pair.images;
    set.masks = pair.masks;
    (pair.use == Use::kValidate ? found.valid : found.train).push_back(set);
    what =
        fmt::format("pictures in {} and masks in {}", pair.images.filename().string(), pair.masks.filename().string());
  }
  return found;
}

// annotations/instances_train2017.json beside train2017: COCO's own layout.
FoundSets coco_files(const fs::path& folder) {
  FoundSets found;
  for (const fs::path& json : files_ending(entry_named(folder, "annotations"), ".json")) {
    if (json_kind(json) != JsonKind::kCoco || !has_masks(json)) continue;
    SetOptions set = coco_set(json);
    if (!holds_pictures(set.images)) continue;
    (use_of_name(set.name) == Use::kValidate ? found.valid : found.train).push_back(std::move(set));
    found.what = "COCO's JSONs in annotations";
  }
  return found;
}

std::optional<SetOptions> set_in_folder(const fs::path& folder, std::string& what) {
  SetOptions set;
  set.name = set_name(folder);
  set.images = folder;
  if (is_voc(folder)) {
    what = "VOC's folders";
    return set;
  }
  if (names_shards(folder)) {
    what = "tar shards";
    return set;
  }
  if (auto pair = folder_pair(folder, what)) return pair;
  if (auto pairs = pairs_by_words(folder, what); pairs.train.size() == 1 && pairs.valid.empty()) return pairs.train[0];
  std::vector<fs::path> jsons = files_ending(folder, ".json");
  std::erase_if(jsons, [](const fs::path& json) { return json_kind(json) != JsonKind::kCoco; });
  if (jsons.size() == 1) {
    what = "a COCO JSON, " + jsons[0].filename().string();
    return coco_set(jsons[0]);
  }
  const std::vector<fs::path> inside = entries(folder);
  const bool pictures = std::any_of(inside.begin(), inside.end(), [](const fs::path& entry) {
    return is_file(entry) && is_picture_name(entry.filename().string());
  });
  if (!pictures) return std::nullopt;
  what = "pictures with masks or annotations beside them";
  return set;
}

// The sets in the folders of a folder.
std::vector<SetOptions> sets_below(const fs::path& folder, std::string& what) {
  std::vector<SetOptions> sets;
  for (const fs::path& entry : entries(folder)) {
    if (!is_folder(entry)) continue;
    if (auto set = set_in_folder(entry, what)) sets.push_back(*set);
  }
  constexpr size_t kMostSets = 20;  // with more, each picture probably has its own folder
  if (sets.size() <= kMostSets) return sets;
  what = "a folder for each picture";
  SetOptions whole;
  whole.name = set_name(folder);
  whole.images = folder;
  return {whole};
}

// The set of a folder, or those in its folders; none where it is missing.
std::vector<SetOptions> sets_in(const fs::path& folder, std::string& what) {
  if (folder.empty() || !is_folder(folder)) return {};
  if (auto set = set_in_folder(folder, what)) return {*set};
  return sets_below(folder, what);
}

FoundSets sets_of_file(const fs::path& path) {
  const std::string ending = ending_of(path);
  const bool shards = names_shards(path), json = ending == ".json";
  if (!json && ending != ".yaml" && ending != ".yml" && !shards) {
    fail(kFunction, "{} is neither a folder nor a .json, .yaml or .tar", path.string());
  }
  FoundSets found;
  found.what = shards ? "tar shards" : json ? "a JSON of annotations" : "YOLO's data.yaml";
  SetOptions set;
  set.name = set_name(path);
  set.images = path;
  found.train.push_back(json ? coco_set(path) : set);
  return found;
}

// data.yaml, or the only YAML that names classes and pictures to train on.
fs::path yolo_yaml(const fs::path& folder) {
  for (const char* yaml : {"data.yaml", "dataset.yaml", "data.yml"}) {
    if (is_file(folder / yaml)) return folder / yaml;
  }
  std::vector<fs::path> yamls = files_ending(folder, ".yaml");
  std::erase_if(yamls, [](const fs::path& yaml) {
    const std::string text = "\n" + read_file(yaml);
    return text.find("\nnames:") == std::string::npos || text.find("\ntrain:") == std::string::npos;
  });
  return yamls.size() == 1 ? yamls[0] : fs::path();
}

FoundSets sets_of_yolo(const fs::path& yaml) {
  FoundSets found;
  found.what = "YOLO's " + yaml.filename().string();
  SetOptions set;
  set.name = set_name(yaml.parent_path());
  set.images = yaml;
  set.split = "train";
  found.train.push_back(set);
  auto splits = read_yolo_yaml(read_file(yaml), yaml.string()).splits;
  if (splits["val"].empty() || splits["val"] == splits["train"]) return found;
  set.split = "val";
  found.valid.push_back(set);
  return found;
}

// Folders train, val and the like; else any folders that hold sets, by the words of their names.
FoundSets sets_of_folders(const fs::path& path) {
  FoundSets found;
  std::string what;
  for (const char* name : {"train", "training", "train2017"}) {
    if (found.train.empty()) found.train = sets_in(entry_named(path, name), what);
  }
  for (const char* name : {"val", "valid", "validation", "val2017", "test"}) {
    if (found.valid.empty()) found.valid = sets_in(entry_named(path, name), what);
  }
  found.what = what + " in train and val folders";
  if (!found.train.empty()) return found;
  found.valid.clear();
  for (SetOptions& set : sets_below(path, found.what)) {
    (use_of_name(set.name) == Use::kValidate ? found.valid : found.train).push_back(std::move(set));
  }
  return found;
}

[[noreturn]] void refuse(const fs::path& path) {
  std::map<std::string, int> inside;
  for (const fs::path& entry : entries(path)) {
    ++inside[is_folder(entry) ? entry.filename().string() + "/" : ending_of(entry)];
  }
  std::vector<std::string> names;
  for (const auto& [name, count] : inside) {
    names.push_back(name.ends_with('/') ? name : fmt::format("{} {}", count, name));
  }
  fail(kFunction,
       "{} holds nothing that looks like a data set: {}; name pictures and masks im and gt, or images and masks",
       path.string(), names.empty() ? "it is empty" : first_few(names));
}

}  // namespace

FoundSets find_sets(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error) && !names_shards(path)) fail(kFunction, "{} is not there", path.string());
  if (!is_folder(path)) return sets_of_file(path);
  if (const fs::path yaml = yolo_yaml(path); !yaml.empty()) return sets_of_yolo(yaml);
  FoundSets found = coco_files(path);
  if (!found.train.empty()) return found;
  if (auto set = set_in_folder(path, found.what)) {
    if (!split_by_folders(*set, found)) found.train.push_back(*set);
    return found;
  }
  std::string what;
  found = pairs_by_words(path, what);
  found.what = what;
  if (!found.train.empty()) return found;
  found = sets_of_folders(path);
  if (!found.train.empty()) return found;
  std::vector<fs::path> folders = entries(path);
  std::erase_if(folders, [](const fs::path& entry) { return !is_folder(entry); });
  if (const auto json = first_file(path, ".json"); json && json_kind(*json) == JsonKind::kOther) {
    if (const char* tool = other_tool(*json)) refuse_tool(*json, tool);
  }
  if (folders.size() == 1) return find_sets(folders[0]);  // VOCdevkit/VOC2012
  refuse(path);
}

}  // namespace hqsam
