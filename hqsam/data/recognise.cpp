// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/recognise.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/text.h"
#include "hqsam/data/data_file.h"
#include "hqsam/data/folder_words.h"
#include "hqsam/data/pairing.h"
#include "hqsam/data/split_sets.h"
#include "hqsam/data/tar_index.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFunction = "recognise";
constexpr std::array kPictureFolders = {"images",   "image",      "im",       "imgs",  "img",
                                        "pictures", "JPEGImages", "original", "photos"};
constexpr std::array kMaskFolders = {"masks", "mask",    "gt",          "labels", "label",
                                     "alpha", "matting", "groundtruth", "mattes", "annotations"};

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::string ending_of(const fs::path& path) {
  std::string ending = path.extension().string();
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return ending;
}

// Entries directly in a folder, sorted; none where it is missing.
std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!entry.path().filename().string().starts_with('.')) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<fs::path> files_ending(const fs::path& folder, const std::string& ending) {
  std::vector<fs::path> found = entries(folder);
  std::erase_if(found, [&](const fs::path& path) { return ending_of(path) != ending || !is_file(path); });
  return found;
}

enum class JsonKind { kCoco, kYtvis, kLabelme, kSa1b, kOther };

// By the keys that it holds, wherever they stand; whoever reads the file then checks it.
JsonKind json_kind(const fs::path& path) {
  const MappedFile file(path);
  const std::string_view text{reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
  const auto has = [&](std::string_view key) { return text.find(key) != std::string_view::npos; };
  if (has("\"videos\"") && has("\"segmentations\"")) return JsonKind::kYtvis;
  if (has("\"images\"") && has("\"annotations\"")) return JsonKind::kCoco;
  if (has("\"shapes\"")) return JsonKind::kLabelme;
  if (has("\"image\"") && has("\"annotations\"")) return JsonKind::kSa1b;
  return JsonKind::kOther;
}

// The tool that wrote a JSON which hqsam does not read.
const char* other_tool(const fs::path& path) {
  const std::string text = read_file(path);
  if (text.find("\"shape_attributes\"") != std::string::npos) return "VGG's VIA";
  if (text.find("\"geometryType\"") != std::string::npos) return "Supervisely";
  if (text.find("\"brushlabels\"") != std::string::npos || text.find("\"polygonlabels\"") != std::string::npos) {
    return "Label Studio";
  }
  if (text.find("\"imgHeight\"") != std::string::npos) return "Cityscapes";
  return nullptr;
}

[[noreturn]] void refuse_tool(const fs::path& path, const char* tool) {
  fail(kFunction, "{} is a JSON of {}, which hqsam does not read: export as COCO", path.string(), tool);
}

SetFormat format_of(JsonKind kind, const fs::path& path) {
  switch (kind) {
    case JsonKind::kCoco:
      return SetFormat::kCoco;
    case JsonKind::kYtvis:
      return SetFormat::kYtvis;
    case JsonKind::kLabelme:
      return SetFormat::kLabelme;
    case JsonKind::kSa1b:
      return SetFormat::kSa1b;
    case JsonKind::kOther:
      break;
  }
  if (const char* tool = other_tool(path)) refuse_tool(path, tool);
  fail(kFunction, "{} is no JSON of COCO, YouTube-VIS, LabelMe or SA-1B: set type", path.string());
}

// The first file of an ending in a folder or the folders in it.
std::optional<fs::path> first_file(const fs::path& folder, const std::string& ending) {
  for (const DataFile& file : files_in(folder)) {
    if (ending_of(file.path) == ending) return file.path;
  }
  return std::nullopt;
}

SetFormat format_of_annotations(const fs::path& annotations) {
  if (!is_folder(annotations)) return format_of(json_kind(annotations), annotations);
  if (const auto json = first_file(annotations, ".json")) return format_of(json_kind(*json), *json);
  if (first_file(annotations, ".txt")) return SetFormat::kYolo;
  fail(kFunction, "{} holds neither .json nor .txt files: set type", annotations.string());
}

bool is_voc(const fs::path& folder) {
  return is_folder(folder / "JPEGImages") &&
         (is_folder(folder / "SegmentationObject") || is_folder(folder / "SegmentationClass"));
}

// .../images/... -> .../labels/..., as ultralytics has them.
bool has_yolo_labels(const fs::path& images) {
  fs::path labels;
  bool swapped = false;
  std::vector<fs::path> parts(images.begin(), images.end());
  for (size_t i = parts.size(); i-- > 0;) {
    if (parts[i] != "images") continue;
    parts[i] = "labels";
    swapped = true;
    break;
  }
  for (const fs::path& part : parts) labels /= part;
  return swapped && is_folder(labels) && first_file(labels, ".txt").has_value();
}

// Annotations among the pictures, where no folder of masks is named.
SetOptions recognise_beside(SetOptions options) {
  if (has_yolo_labels(options.images)) {
    options.format = SetFormat::kYolo;
    return options;
  }
  std::vector<fs::path> coco;
  for (const fs::path& json : files_ending(options.images, ".json")) {
    const JsonKind kind = json_kind(json);
    if (kind == JsonKind::kCoco || kind == JsonKind::kYtvis) {
      coco.push_back(json);
    } else if (kind != JsonKind::kOther) {
      options.format = format_of(kind, json);
      return options;
    }
  }
  if (coco.size() > 1) {
    fail(kFunction, "data set '{}': {} and {} both could hold its masks: name one by annotations", options.name,
         coco[0].string(), coco[1].string());
  }
  if (coco.empty()) {
    const auto json = first_file(options.images, ".json");
    options.format = json ? format_of(json_kind(*json), *json) : SetFormat::kFolder;
    return options;
  }
  options.annotations = coco.front();
  options.format = format_of(json_kind(coco.front()), coco.front());
  return options;
}

}  // namespace

SetOptions recognise(SetOptions options) {
  if (options.format != SetFormat::kAuto) return options;
  if (!options.annotations.empty() && !options.masks.empty()) {
    fail(kFunction, "data set '{}': masks and annotations are both set: leave one out", options.name);
  }
  const std::string ending = ending_of(options.images);
  if (names_shards(options.images)) {
    options.format = SetFormat::kTar;
  } else if (ending == ".yaml" || ending == ".yml") {
    options.format = SetFormat::kYolo;
  } else if (!options.annotations.empty()) {
    options.format = format_of_annotations(options.annotations);
  } else if (!options.masks.empty()) {
    options.format = SetFormat::kFolder;
  } else if (is_voc(options.images)) {
    options.format = SetFormat::kVoc;
  } else {
    return recognise_beside(std::move(options));
  }
  return options;
}

namespace {

bool holds_pictures(const fs::path& folder) {
  if (!is_folder(folder)) return false;
  const std::vector<DataFile> files = files_in(folder);
  return std::any_of(files.begin(), files.end(), [](const DataFile& file) { return is_picture_name(file.name); });
}

// The entry of a folder with this name in any case.
fs::path entry_named(const fs::path& folder, const std::string& name) {
  for (const fs::path& entry : entries(folder)) {
    const std::string own = entry.filename().string();
    const bool same =
        own.size() == name.size() && std::equal(own.begin(), own.end(), name.begin(), [](char a, char b) {
          return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
        });
    if (same) return entry;
  }
  return {};
}

std::string set_name(const fs::path& path) {
  const fs::path clean = path.lexically_normal();
  const std::string name = clean.has_filename() ? clean.stem().string() : clean.parent_path().filename().string();
  return name.empty() || name == "." ? "mine" : name;
}

bool has_masks(const fs::path& json) { return read_file(json).find("\"segmentation\"") != std::string::npos; }

// Where the pictures of a COCO JSON lie: beside it, or in a usual folder beside it or one above.
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

// Pictures and masks in folders of usual names.
std::optional<SetOptions> folder_pair(const fs::path& folder, std::string& what) {
  for (const char* pictures : kPictureFolders) {
    const fs::path images = entry_named(folder, pictures);
    if (images.empty() || !holds_pictures(images)) continue;
    SetOptions set;
    set.name = set_name(folder);
    set.images = images;
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
  return sets;
}

// The set of a folder, or those in its folders; none where it is missing.
std::vector<SetOptions> sets_in(const fs::path& folder, std::string& what) {
  if (folder.empty() || !is_folder(folder)) return {};
  if (auto set = set_in_folder(folder, what)) return {*set};
  return sets_below(folder, what);
}

}  // namespace

FoundSets find_sets(const fs::path& path) {
  FoundSets found;
  std::error_code error;
  if (!fs::exists(path, error) && !names_shards(path)) fail(kFunction, "{} is not there", path.string());
  const std::string ending = ending_of(path);
  if (!is_folder(path)) {
    SetOptions set;
    set.name = set_name(path);
    set.images = path;
    found.what = names_shards(path) ? "tar shards" : ending == ".json" ? "a JSON of annotations" : "YOLO's data.yaml";
    if (ending == ".json") set = coco_set(path);
    if (ending != ".json" && ending != ".yaml" && ending != ".yml" && !names_shards(path)) {
      fail(kFunction, "{} is neither a folder nor a .json, .yaml or .tar", path.string());
    }
    found.train.push_back(set);
    return found;
  }
  for (const char* yaml : {"data.yaml", "dataset.yaml", "data.yml"}) {
    if (!is_file(path / yaml)) continue;
    found.what = fmt::format("YOLO's {}", yaml);
    SetOptions set;
    set.name = set_name(path);
    set.images = path / yaml;
    found.train.push_back(set);
    found.train.back().split = "train";
    found.valid.push_back(set);
    found.valid.back().split = "val";
    return found;
  }
  if (FoundSets coco = coco_files(path); !coco.train.empty()) return coco;
  if (auto set = set_in_folder(path, found.what)) {
    if (!split_by_folders(*set, found)) found.train.push_back(*set);
    return found;
  }
  if (FoundSets pairs = pairs_by_words(path, found.what); !pairs.train.empty()) {
    pairs.what = found.what;
    return pairs;
  }
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
  if (!found.train.empty()) return found;
  std::vector<fs::path> folders = entries(path);
  std::erase_if(folders, [](const fs::path& entry) { return !is_folder(entry); });
  if (folders.size() == 1) return find_sets(folders[0]);  // VOCdevkit/VOC2012
  if (const auto json = first_file(path, ".json"); json && json_kind(*json) == JsonKind::kOther) {
    if (const char* tool = other_tool(*json)) refuse_tool(*json, tool);
  }
  std::map<std::string, int> inside;
  for (const fs::path& entry : entries(path))
    ++inside[is_folder(entry) ? entry.filename().string() + "/" : ending_of(entry)];
  std::vector<std::string> names;
  for (const auto& [name, count] : inside)
    names.push_back(name.ends_with('/') ? name : fmt::format("{} {}", count, name));
  fail(kFunction,
       "{} holds nothing that looks like a data set: {}; name pictures and masks im and gt, or images and masks",
       path.string(), names.empty() ? "it is empty" : first_few(names));
}

}  // namespace hqsam
