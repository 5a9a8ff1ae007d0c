// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/coco_set.h"

#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/data/picture_finder.h"

namespace hqsam {
namespace {

constexpr int64_t kMissingShare = 10;  // one of so many pictures may be missing

struct Counts {
  int64_t masks = 0, crowds = 0, uncategorised = 0, unstated = 0;
};

void number_categories(std::vector<int64_t>& positions, const CocoCategories& categories) {
  std::vector<int64_t> numbers;
  for (const int64_t position : positions) {
    const CocoCategories::Category* category = categories.of(position);
    if (category != nullptr) numbers.push_back(category->number);
  }
  positions = std::move(numbers);
}

// Gives masks and boxes their categories' numbers and leaves those of unlisted ones out.
void settle_categories(CocoSet& set) {
  set.categories.settle();
  for (AnnotatedPicture& picture : set.pictures) {
    const auto unlisted = [&](AnnotatedPicture::Annotation& annotation) {
      const CocoCategories::Category* category = set.categories.of(annotation.info.category);
      if (category == nullptr) {
        set.annotations.add("of a category that 'categories' lacks", annotation.id);
        ++picture.skipped;
        return true;
      }
      annotation.info.category = category->number;
      annotation.info.category_name = category->name;
      annotation.info.frequency = category->frequency;
      return false;
    };
    std::erase_if(picture.annotations, unlisted);
    for (ScoredBox& box : picture.boxes) box.category = set.categories.of(box.category)->number;
    number_categories(picture.negative_categories, set.categories);
    number_categories(picture.not_exhaustive_categories, set.categories);
  }
}

std::string what_is_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const DataFile& file : files_in(folder)) names.push_back(file.name);
  return names.empty() ? "which is empty" : fmt::format("which has {}", first_few(names));
}

// Finds the pictures' files and leaves out pictures without a file.
void find_files(const SetOptions& options, CocoSet& set) {
  std::vector<std::string> names;
  for (const AnnotatedPicture& picture : set.pictures) names.push_back(picture.name);
  const std::vector<FoundPicture> found = find_pictures(options.images, names);
  LeftOut missing;
  int64_t masks = 0;
  std::vector<AnnotatedPicture> pictures;
  for (size_t i = 0; i < found.size(); ++i) {
    AnnotatedPicture& picture = set.pictures[i];
    if (found[i].file.empty()) {
      missing.add(found[i].why, picture.name);
      masks += std::ssize(picture.annotations);
      continue;
    }
    picture.picture = found[i].file;
    picture.name = found[i].file.name;
    pictures.push_back(std::move(picture));
  }
  if (missing.total() * kMissingShare > std::ssize(set.pictures)) {
    fail("open_coco", "data set '{}': {} of the {} pictures of {} are not found in {}, {}: {}", options.name,
         missing.total(), set.pictures.size(), options.annotations.string(), options.images.string(),
         what_is_in(options.images), missing.told());
  }
  if (missing.total() > 0) {
    spdlog::warn("data set '{}': {} of {} pictures, with {} masks, are left out: {}", options.name, missing.total(),
                 set.pictures.size(), masks, missing.told());
  }
  set.pictures = std::move(pictures);
}

Counts count(const CocoSet& set) {
  Counts counts;
  for (const AnnotatedPicture& picture : set.pictures) {
    counts.masks += std::ssize(picture.annotations);
    if (picture.size == Size{}) ++counts.unstated;
    for (const auto& annotation : picture.annotations) {
      counts.crowds += annotation.info.crowd;
      counts.uncategorised += annotation.info.category == CocoCategories::kNone;
    }
  }
  return counts;
}

void check_masks(const SetOptions& options, const CocoSet& set, const Counts& counts) {
  const std::string file = options.annotations.string();
  if (counts.masks == 0 && options.detections.empty()) {
    if (set.annotation_count == 0) fail("open_coco", "{} has no annotations", file);
    fail("open_coco", "{}: none of its {} annotations has a mask that can be used: {}", file, set.annotation_count,
         set.annotations.total() > 0 ? set.annotations.told() : "their pictures are not there");
  }
  if (counts.masks > 0 && counts.crowds == counts.masks && options.crowd == CrowdRule::kSkip) {
    fail("open_coco",
         "{}: all {} annotations are marked iscrowd, and crowds are neither trained on nor measured (some tools mark "
         "every brush mask so); crowd: use takes them as masks like others",
         file, counts.masks);
  }
}

}  // namespace

std::shared_ptr<const Dataset> open_coco_set(const SetOptions& options, CocoSet set) {
  settle_categories(set);
  if (set.pictures.empty()) {
    fail("open_coco", "{} has no pictures{}", options.annotations.string(),
         set.images.total() > 0 ? " that can be used: " + set.images.told() : "");
  }
  find_files(options, set);
  const Counts counts = count(set);
  check_masks(options, set, counts);
  set.images.warn(options.name, "items of 'images' are");
  set.annotations.warn(options.name, fmt::format("of {} annotations are", set.annotation_count));
  if (counts.uncategorised > 0) {
    spdlog::warn("data set '{}': {} masks are of no category; they are kept", options.name, counts.uncategorised);
  }
  if (counts.unstated > 0) {
    spdlog::warn("data set '{}': the height and width of {} pictures are not stated; the pictures' own are taken",
                 options.name, counts.unstated);
  }
  return std::make_shared<AnnotatedDataset>(options, std::move(set.pictures));
}

}  // namespace hqsam
