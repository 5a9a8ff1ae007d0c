// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/annotated_dataset.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/image/codec.h"
#include "hqsam/mask/segmentation.h"

namespace hqsam {
namespace {

constexpr int64_t kMaxMaskBytes = int64_t{1} << 33;  // of one picture's masks at full size

void check_files(const std::string& name, const std::vector<AnnotatedPicture>& pictures) {
  if (pictures.empty()) fail("AnnotatedDataset", "data set '{}': its JSON has no pictures", name);
  std::vector<std::string> missing;
  std::error_code error;
  for (const AnnotatedPicture& picture : pictures) {
    if (!std::filesystem::is_regular_file(picture.picture.path, error))
      missing.push_back(picture.picture.path.string());
  }
  if (missing.empty()) return;
  fail("AnnotatedDataset", "data set '{}': {} of {} pictures are not there: {}", name, missing.size(), pictures.size(),
       first_few(missing));
}

void check_memory(const Sample& sample, int64_t masks) {
  const int64_t pixels = sample.image.height * sample.image.width;
  if (masks <= kMaxMaskBytes / std::max<int64_t>(pixels, 1)) return;
  fail("AnnotatedDataset::get", "{} of {}x{} pixels (width x height) has {} masks: more than {} bytes of them",
       sample.image_path, sample.image.width, sample.image.height, masks, kMaxMaskBytes);
}

}  // namespace

AnnotatedDataset::AnnotatedDataset(SetOptions options, std::vector<AnnotatedPicture> pictures, ReadObjects read)
    : options_(std::move(options)), pictures_(std::move(pictures)), read_(std::move(read)) {
  check_files(options_.name, pictures_);
}

Sample AnnotatedDataset::get(int64_t index) const {
  if (index < 0 || index >= size()) {
    fail("AnnotatedDataset::get", "data set '{}' has {} samples, got index {}", options_.name, size(), index);
  }
  const AnnotatedPicture& picture = pictures_[index];
  Sample sample;
  sample.set = options_.name;
  sample.name = picture.name;
  sample.image_path = picture.picture.label();
  sample.image = read_image(picture.picture.path);
  if (sample.image.size() != picture.size) {
    fail("AnnotatedDataset::get", "{} is {}x{} but the JSON says {}x{} (width x height): these are other pictures",
         sample.image_path, sample.image.width, sample.image.height, picture.size.width, picture.size.height);
  }
  check_memory(sample, static_cast<int64_t>(picture.annotations.size()));
  for (const auto& annotation : picture.annotations) {
    try {
      const Rle rle = rle_from_json(nlohmann::json::parse(annotation.segmentation), picture.size);
      sample.labels.push_back(mask_to_gray(rle_decode(rle)));
      sample.infos.push_back(annotation.info);
    } catch (const Error& error) {
      ++sample.skipped;
      if (!warned_.exchange(true)) {
        spdlog::warn("data set '{}': a mask of {} is left out, others may follow: {}", options_.name, sample.image_path,
                     error.what());
      }
    }
  }
  sample.annotated = true;
  sample.detected = picture.detected;
  sample.boxes = picture.boxes;
  sample.federated = picture.federated;
  sample.negative_categories = picture.negative_categories;
  sample.not_exhaustive_categories = picture.not_exhaustive_categories;
  sample.skipped += picture.skipped;
  return sample;
}

}  // namespace hqsam
