// SPDX-License-Identifier: Apache-2.0
#include "predict_pictures.h"

#include <algorithm>
#include <map>
#include <set>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

bool has_picture_extension(const fs::path& path) {
  static const std::set<std::string> kExtensions = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"};
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return kExtensions.contains(extension);
}

// The stem of the picture whose results have this name: "kite" of kite_0.png and kite_overlay.jpg, else "".
std::string origin_of_result(const fs::path& path) {
  const std::string stem = path.stem().string();
  const size_t mark = stem.rfind('_');
  if (mark == std::string::npos || mark + 1 == stem.size()) return "";
  const std::string ending = stem.substr(mark + 1);
  const bool mask = path.extension() == ".png" && ending.find_first_not_of("0123456789") == std::string::npos;
  const bool overlay = path.extension() == ".jpg" && ending == "overlay";
  return mask || overlay ? stem.substr(0, mark) : "";
}

std::vector<fs::path> pictures_in(const std::string& folder) {
  std::vector<fs::path> pictures;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const bool hidden = entry.path().filename().string().starts_with('.');
    if (!hidden && entry.is_regular_file() && has_picture_extension(entry.path())) pictures.push_back(entry.path());
  }
  if (pictures.empty()) fail("predict", "--image {}: no pictures in this folder", folder);
  std::sort(pictures.begin(), pictures.end());
  return pictures;
}

}  // namespace

std::vector<fs::path> list_pictures(const std::vector<std::string>& arguments, const fs::path& output) {
  std::vector<fs::path> pictures;
  for (const std::string& argument : arguments) {
    if (fs::is_directory(argument)) {
      const std::vector<fs::path> inside = pictures_in(argument);
      pictures.insert(pictures.end(), inside.begin(), inside.end());
    } else {
      pictures.emplace_back(argument);
    }
  }
  std::map<std::string, fs::path> by_stem;
  for (const fs::path& picture : pictures) {
    const auto [at, added] = by_stem.emplace(picture.stem().string(), picture);
    if (added) continue;
    fail("predict", "{} and {} would write the same files: give one at a time", at->second.string(), picture.string());
  }
  for (const fs::path& picture : pictures) {
    std::error_code error;
    if (!fs::equivalent(fs::absolute(picture).parent_path(), output, error)) continue;
    const auto origin = by_stem.find(origin_of_result(picture));
    if (origin == by_stem.end()) continue;
    fail("predict", "{} would be overwritten by the results of {}: take another --output", picture.string(),
         origin->second.string());
  }
  return pictures;
}

}  // namespace hqsam
