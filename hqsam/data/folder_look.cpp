// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/folder_look.h"

#include <algorithm>
#include <string_view>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/text.h"
#include "hqsam/data/data_file.h"

namespace hqsam {

namespace fs = std::filesystem;

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::string ending_of(const fs::path& path) { return lower_case(path.extension().string()); }

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

JsonKind json_kind(const fs::path& path) {
  const FileBytes file(path);
  const std::string_view text = file.text();
  const auto has = [&](std::string_view key) { return text.find(key) != std::string_view::npos; };
  if (has("\"videos\"") && has("\"segmentations\"")) return JsonKind::kYtvis;
  if (has("\"images\"") && has("\"annotations\"")) return JsonKind::kCoco;
  if (has("\"shapes\"")) return JsonKind::kLabelme;
  if (has("\"image\"") && has("\"annotations\"")) return JsonKind::kSa1b;
  return JsonKind::kOther;
}

const char* other_tool(const fs::path& path) {
  const std::string text = read_file(path, kAnySize);
  if (text.find("\"shape_attributes\"") != std::string::npos) return "VGG's VIA";
  if (text.find("\"geometryType\"") != std::string::npos) return "Supervisely";
  if (text.find("\"brushlabels\"") != std::string::npos || text.find("\"polygonlabels\"") != std::string::npos) {
    return "Label Studio";
  }
  if (text.find("\"imgHeight\"") != std::string::npos) return "Cityscapes";
  return nullptr;
}

void refuse_tool(const fs::path& path, const char* tool) {
  fail("recognise", "{} is a JSON of {}, which hqsam does not read: export as COCO", path.string(), tool);
}

std::optional<fs::path> first_file(const fs::path& folder, const std::string& ending) {
  for (const DataFile& file : files_in(folder)) {
    if (ending_of(file.path) == ending) return file.path;
  }
  return std::nullopt;
}

bool is_voc(const fs::path& folder) {
  return is_folder(folder / "JPEGImages") &&
         (is_folder(folder / "SegmentationObject") || is_folder(folder / "SegmentationClass"));
}

}  // namespace hqsam
