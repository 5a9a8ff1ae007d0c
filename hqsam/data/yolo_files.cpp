// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/yolo_files.h"

#include <algorithm>
#include <optional>
#include <set>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/data/folder_look.h"
#include "hqsam/data/pairing.h"
#include "hqsam/data/picture_names.h"
#include "hqsam/data/yolo_yaml.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFunction = "open_yolo";

fs::path whole(const fs::path& path) {
  std::error_code error;
  const fs::path found = fs::weakly_canonical(path, error);
  return error ? fs::absolute(path, error) : found;
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// The data.yaml that images is or holds, or "".
fs::path yaml_of(const fs::path& images) {
  if (is_folder(images)) {
    for (const char* name : {"data.yaml", "data.yml", "dataset.yaml"}) {
      if (is_there(images / name)) return images / name;
    }
    return "";
  }
  if (!is_there(images)) fail(kFunction, "no file or folder {}", images.string());
  if (has_extension(images.string(), ".yaml") || has_extension(images.string(), ".yml")) return images;
  fail(kFunction, "{}: expected a data.yaml or a folder of pictures", images.string());
}

// The folders that may contain a yaml's splits, the likeliest first.
std::vector<fs::path> roots_of(const fs::path& yaml, const std::string& path) {
  const fs::path folder = whole(yaml).parent_path();
  if (path.empty()) return {folder};
  if (fs::path(path).is_absolute()) return {path, folder};
  return {folder / path, whole(path), folder};
}

std::optional<fs::path> find_split(const std::vector<fs::path>& roots, const std::string& split) {
  for (const fs::path& root : roots) {
    if (is_there(root / split)) return whole(root / split);
    if (split.starts_with("../") && is_there(root / split.substr(3))) return whole(root / split.substr(3));
  }
  return std::nullopt;
}

std::string joined(const std::vector<fs::path>& paths) {
  std::string text;
  for (const fs::path& path : paths) text += (text.empty() ? "" : ", ") + path.string();
  return text;
}

// The split that options or the yaml choose.
std::string chosen_split(const SetOptions& options, const YoloYaml& yaml, const fs::path& path) {
  std::string names;
  for (const auto& [name, places] : yaml.splits) names += (names.empty() ? "" : ", ") + name;
  if (names.empty()) fail(kFunction, "{}: none of train, val and test is there", path.string());
  const std::string wanted = options.split == "valid" || options.split == "validation" ? "val" : options.split;
  const auto& first = yaml.splits.begin()->second;  // a set without a part for validation names one folder twice
  const bool same =
      std::all_of(yaml.splits.begin(), yaml.splits.end(), [&](const auto& s) { return s.second == first; });
  if (wanted.empty() && !same) {
    fail(kFunction, "{} has several splits: {}; choose one by 'split: train'", path.string(), names);
  }
  if (wanted.empty()) return yaml.splits.begin()->first;
  if (!yaml.splits.contains(wanted)) fail(kFunction, "{} has no '{}'; it has: {}", path.string(), options.split, names);
  return wanted;
}

// A list's lines: "./" begins beside the list; other relative ones there too, or in one of the roots.
void add_listed(const fs::path& list, const std::vector<fs::path>& roots, std::vector<DataFile>& pictures) {
  const std::string text = read_file(list, kAnySize);
  std::vector<fs::path> places = {list.parent_path()};
  places.insert(places.end(), roots.begin(), roots.end());
  std::vector<std::string> others;
  for (size_t at = text.starts_with("\xef\xbb\xbf") ? 3 : 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of("\r\n", at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    line.erase(line.find_last_not_of(" \t") + 1);
    std::replace(line.begin(), line.end(), '\\', '/');
    if (line.empty()) continue;
    if (!is_picture_name(line)) {
      others.push_back(line);
      continue;
    }
    const std::optional<fs::path> found = find_split(places, line);
    pictures.push_back({line, found.value_or(whole(places.front() / line)), -1, 0});
  }
  if (others.empty()) return;
  spdlog::warn("{}: {} lines that do not name pictures are left out: {}", list.string(), others.size(),
               first_few(others));
}

void add_folder(const fs::path& folder, std::vector<DataFile>& pictures) {
  for (DataFile& file : files_in(folder)) {
    if (is_picture_name(file.name)) pictures.push_back(std::move(file));
  }
}

std::vector<DataFile> pictures_of_yaml(const SetOptions& options, const fs::path& path, const YoloYaml& yaml) {
  const std::vector<fs::path> roots = roots_of(path, yaml.path);
  std::vector<DataFile> pictures;
  for (const std::string& place : yaml.splits.at(chosen_split(options, yaml, path))) {
    const std::optional<fs::path> found = find_split(roots, place);
    if (!found) fail(kFunction, "{}: '{}' is in none of these folders: {}", path.string(), place, joined(roots));
    if (is_folder(*found)) {
      add_folder(*found, pictures);
    } else if (has_extension(found->string(), ".txt")) {
      add_listed(*found, roots, pictures);
    } else {
      fail(kFunction, "{}: '{}' is neither a folder nor a .txt that lists pictures", path.string(), place);
    }
  }
  return pictures;
}

// ultralytics' rule: the last /images/ becomes /labels/; a path without one has its text beside it.
fs::path label_of(const fs::path& picture) {
  std::string path = picture.generic_string();
  const size_t at = path.rfind("/images/");
  if (at != std::string::npos) path.replace(at, 8, "/labels/");
  return std::string(without_extension(path)) + ".txt";
}

enum class Place { kLabels, kBeside };

fs::path label_at(const SetOptions& options, const DataFile& picture, Place place) {
  const std::string text = std::string(without_extension(picture.name)) + ".txt";
  if (!options.annotations.empty()) {
    const fs::path path = options.annotations / fs::path(text).relative_path();
    return is_there(path) ? path : options.annotations / std::string(base_name(text));
  }
  if (place == Place::kLabels) return label_of(picture.path);
  return std::string(without_extension(picture.path.generic_string())) + ".txt";
}

// Fills in the labels and returns the number of pictures that have a text.
int64_t find_labels(const SetOptions& options, Place place, YoloFiles& files) {
  files.without_text = files.empty_texts = 0;
  for (YoloPicture& picture : files.pictures) {
    const fs::path path = label_at(options, picture.picture, place);
    std::error_code error;
    const uintmax_t size = fs::file_size(path, error);
    if (error) {
      ++files.without_text;
    } else if (size == 0) {
      ++files.empty_texts;
    } else {
      picture.label = {path.filename().string(), path, -1, 0};
    }
  }
  return static_cast<int64_t>(files.pictures.size()) - files.without_text;
}

}  // namespace

YoloFiles find_yolo_files(const SetOptions& options) {
  YoloFiles files;
  std::vector<DataFile> pictures;
  const fs::path yaml = yaml_of(options.images);
  if (!yaml.empty()) {
    const YoloYaml read = read_yolo_yaml(read_file(yaml), yaml.string());
    files.classes = read.classes;
    pictures = pictures_of_yaml(options, yaml, read);
  } else {
    if (!options.split.empty()) {
      fail(kFunction, "'split: {}' needs a data.yaml, which {} has not", options.split, options.images.string());
    }
    add_folder(whole(options.images), pictures);
  }
  std::sort(pictures.begin(), pictures.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  const auto same = [](const DataFile& a, const DataFile& b) { return a.path == b.path; };
  pictures.erase(std::unique(pictures.begin(), pictures.end(), same), pictures.end());
  if (pictures.empty()) fail(kFunction, "data set '{}': no pictures in {}", options.name, options.images.string());
  for (DataFile& picture : pictures) files.pictures.push_back({std::move(picture), {}});
  if (find_labels(options, Place::kLabels, files) > 0 || find_labels(options, Place::kBeside, files) > 0) return files;
  const DataFile& first = files.pictures.front().picture;
  fail(kFunction,
       "data set '{}': none of {} pictures has a text; that of {} should be {}; the key 'annotations' names "
       "another folder",
       options.name, files.pictures.size(), first.path.string(), label_at(options, first, Place::kLabels).string());
}

}  // namespace hqsam
