// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/folder_dataset.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/image/codec.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

void check_mask_size(const char* function, const Sample& sample, const Image& mask, const fs::path& path) {
  if (mask.size() == sample.image.size()) return;
  fail(function, "{} is {}x{} but its mask {} is {}x{} (width x height); they must be equal", sample.image_path,
       sample.image.width, sample.image.height, path.string(), mask.width, mask.height);
}

std::map<std::string, fs::path> files_by_stem(const SetOptions& options, const fs::path& folder,
                                              const std::string& extension) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    fail("FolderDataset", "data set '{}': no folder {}", options.name, folder.string());
  }
  const std::string ending = lower(extension);
  std::map<std::string, fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') || name.size() <= ending.size() || !lower(name).ends_with(ending)) continue;
    if (!entry.is_regular_file(error)) continue;
    const auto [at, added] = files.emplace(name.substr(0, name.size() - ending.size()), entry.path());
    if (!added) {
      fail("FolderDataset", "data set '{}': {} and {} share a stem; rename one", options.name, at->second.string(),
           entry.path().string());
    }
  }
  return files;
}

FolderDataset::FolderDataset(SetOptions options) : options_(std::move(options)) {
  options_.validate();
  const auto images = files_by_stem(options_, options_.images, options_.image_ext);
  if (images.empty()) {
    fail("FolderDataset", "data set '{}': no *{} in {}", options_.name, options_.image_ext, options_.images.string());
  }
  for (const auto& [stem, image] : images) pairs_.push_back({image, {}, {}});
  const auto join = [&](const fs::path& folder, const std::string& extension, fs::path Pair::*part) {
    const auto files = files_by_stem(options_, folder, extension);
    std::vector<std::string> missing;
    size_t at = 0;
    for (const auto& [stem, image] : images) {
      const auto file = files.find(stem);
      if (file != files.end()) {
        pairs_[at].*part = file->second;
      } else {
        missing.push_back(image.filename().string());
      }
      ++at;
    }
    if (!missing.empty()) {
      fail("FolderDataset", "data set '{}': {} of {} pictures in {} have no *{} in {}: {}", options_.name,
           missing.size(), images.size(), options_.images.string(), extension, folder.string(), first_few(missing));
    }
    if (files.size() > images.size()) {
      spdlog::info("data set '{}': {} masks without a picture are left out", options_.name,
                   files.size() - images.size());
    }
  };
  join(options_.masks, options_.mask_ext, &Pair::mask);
  if (!options_.coarse.empty()) join(options_.coarse, options_.coarse_ext, &Pair::coarse);
  std::sort(pairs_.begin(), pairs_.end(), [](const Pair& a, const Pair& b) { return a.image < b.image; });
}

Sample FolderDataset::get(int64_t index) const {
  if (index < 0 || index >= size()) {
    fail("FolderDataset::get", "data set '{}' has {} samples, got index {}", options_.name, size(), index);
  }
  const Pair& pair = pairs_[index];
  const std::string file = pair.image.filename().string();
  Sample sample;
  sample.set = options_.name;
  sample.name = file.substr(0, file.size() - options_.image_ext.size());
  sample.image_path = pair.image.string();
  sample.image = read_image(pair.image);
  sample.labels.push_back(read_mask(sample, pair.mask));
  sample.zero_one_labels = scale_zero_one(sample.labels.back(), pair.mask);
  if (!pair.coarse.empty()) {
    sample.coarse.push_back(read_mask(sample, pair.coarse));
    scale_zero_one(sample.coarse.back(), pair.coarse);
  }
  return sample;
}

bool FolderDataset::scale_zero_one(Image& mask, const fs::path& path) const {
  if (mask.pixels.empty() || *std::max_element(mask.pixels.begin(), mask.pixels.end()) != 1) return false;
  for (uint8_t& value : mask.pixels) value = static_cast<uint8_t>(255 * value);
  if (!warned_.exchange(true)) {
    spdlog::warn("data set '{}': masks hold 0 and 1, read as 0 and 255 (first seen: {})", options_.name, path.string());
  }
  return true;
}

Image FolderDataset::read_mask(const Sample& sample, const fs::path& path) {
  Image mask = read_gray(path);
  check_mask_size("FolderDataset::get", sample, mask, path);
  return mask;
}

}  // namespace hqsam
