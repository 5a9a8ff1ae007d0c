// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/davis_dataset.h"

#include <algorithm>
#include <array>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/image/codec.h"

namespace hqsam {

namespace fs = std::filesystem;

DavisDataset::DavisDataset(SetOptions options) : options_(std::move(options)) {
  options_.validate();
  std::error_code error;
  for (const fs::path& folder : {options_.images, options_.masks}) {
    if (!fs::is_directory(folder, error)) {
      fail("DavisDataset", "data set '{}': no folder {}", options_.name, folder.string());
    }
  }
  std::vector<std::string> missing;
  for (const fs::directory_entry& sequence : fs::directory_iterator(options_.images)) {
    if (!sequence.is_directory(error) || sequence.path().filename().string().starts_with('.')) continue;
    const auto images = files_by_stem(options_, sequence.path(), options_.image_ext);
    const fs::path mask_folder = options_.masks / sequence.path().filename();
    std::map<std::string, fs::path> masks;
    if (fs::is_directory(mask_folder, error)) masks = files_by_stem(options_, mask_folder, options_.mask_ext);
    for (const auto& [stem, image] : images) {
      const std::string name = (sequence.path().filename() / stem).string();
      if (!masks.contains(stem)) missing.push_back(name);
      frames_.push_back({name, image, masks[stem]});
    }
  }
  if (frames_.empty()) {
    fail("DavisDataset", "data set '{}': no */*{} in {}", options_.name, options_.image_ext, options_.images.string());
  }
  if (!missing.empty()) {
    std::sort(missing.begin(), missing.end());
    fail("DavisDataset", "data set '{}': {} of {} frames have no *{} in {}: {}", options_.name, missing.size(),
         frames_.size(), options_.mask_ext, options_.masks.string(), first_few(missing));
  }
  std::sort(frames_.begin(), frames_.end(), [](const Frame& a, const Frame& b) { return a.image < b.image; });
}

Sample DavisDataset::get(int64_t index) const {
  if (index < 0 || index >= size()) {
    fail("DavisDataset::get", "data set '{}' has {} samples, got index {}", options_.name, size(), index);
  }
  const Frame& frame = frames_[index];
  Sample sample;
  sample.set = options_.name;
  sample.name = frame.name;
  sample.image_path = frame.image.string();
  sample.image = read_image(frame.image);
  const Image objects = read_indices(frame.mask);
  check_mask_size("DavisDataset::get", sample, objects, frame.mask);
  std::array<bool, 256> present = {};
  for (const uint8_t value : objects.pixels) present[value] = true;
  if (std::count(present.begin() + 1, present.end(), true) > 1) present[255] = false;
  for (size_t object = 1; object < present.size(); ++object) {
    if (!present[object]) continue;
    Image label(objects.height, objects.width, 1);
    for (size_t i = 0; i < label.pixels.size(); ++i) label.pixels[i] = objects.pixels[i] == object ? 255 : 0;
    sample.labels.push_back(std::move(label));
  }
  return sample;
}

}  // namespace hqsam
