// SPDX-License-Identifier: Apache-2.0
#include "hqsam/amg/generator.h"

#include <iterator>

#include "hqsam/amg/crop_session.h"
#include "hqsam/amg/suppress.h"
#include "hqsam/core/error.h"
#include "hqsam/mask/small_regions.h"

namespace hqsam {
namespace {

using Masks = std::vector<FoundMask>;

Masks picked(Masks& masks, const std::vector<size_t>& which) {
  Masks kept;
  for (const size_t i : which) kept.push_back(std::move(masks[i]));
  return kept;
}

std::vector<Box> boxes_of(const Masks& masks) {
  std::vector<Box> boxes;
  for (const FoundMask& found : masks) boxes.push_back(*found.mask.box);
  return boxes;
}

// Masks of smaller crops before those of larger ones.
Masks without_twins_between_crops(Masks masks, const AmgOptions& options) {
  std::vector<double> scores;
  for (const FoundMask& found : masks) {
    const Size size = found.crop.size();
    scores.push_back(1.0F / static_cast<float>(size.height * size.width));
  }
  return picked(masks, suppress_boxes(boxes_of(masks), scores, options.crop_nms_iou));
}

// Masks that needed no change before those that did.
Masks without_small_regions(Masks masks, const AmgOptions& options) {
  std::vector<double> scores;
  for (FoundMask& found : masks) {
    auto [mask, changed] = without_small_regions(found.mask, options.min_region);
    found.mask = std::move(mask);
    scores.push_back(changed ? 0 : 1);
  }
  const double most = std::max(options.nms_iou, options.crop_nms_iou);
  return picked(masks, suppress_boxes(boxes_of(masks), scores, most));
}

}  // namespace

AutomaticMaskGenerator::AutomaticMaskGenerator(SamHq model, AmgOptions options)
    : model_(std::move(model)), options_(options) {
  if (model_.is_empty()) fail("AutomaticMaskGenerator", "got no model; load one with load_sam_hq");
  options_.validate();
  check_kinds(model_, {options_.masks});
}

Masks AutomaticMaskGenerator::generate(const Image& picture) const {
  const std::vector<Crop> crops = crops_of(picture.size(), options_.crop_layers, options_.crop_overlap);
  Masks all;
  int64_t points = options_.points_per_side, layer = 0;
  for (const Crop& crop : crops) {
    for (; layer < crop.layer; ++layer) points /= options_.crop_points_divisor;
    CropSession session(model_, picture, crop);
    Masks masks = exact_masks_of(session, point_grid(points), picture.size(), options_);
    std::move(masks.begin(), masks.end(), std::back_inserter(all));
  }
  if (crops.size() > 1) all = without_twins_between_crops(std::move(all), options_);
  if (options_.min_region > 0) all = without_small_regions(std::move(all), options_);
  return all;
}

}  // namespace hqsam
