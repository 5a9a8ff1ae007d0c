// SPDX-License-Identifier: Apache-2.0
#include "hqsam/amg/generator.h"

#include <iterator>

#include "hqsam/amg/proposals.h"
#include "hqsam/amg/suppress.h"
#include "hqsam/amg/tiles.h"
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

Masks own_masks_of(CropSession& crop, std::span<const GridPoint> points, const AmgOptions& options) {
  Masks masks = refined(crop, proposals_of(crop, points, options), options);
  if (options.tile > 0) return masks;
  std::erase_if(masks,
                [&](const FoundMask& found) { return ends_at_edge(*found.mask.box, crop.crop, found.mask.size); });
  return masks;
}

// hqsam's own last step. Masks of smaller crops go before those of larger ones.
Masks chosen(Masks masks, const AmgOptions& options) {
  std::vector<const PackedMask*> packed;
  std::vector<double> scores;
  std::erase_if(masks, [&](FoundMask& found) {
    if (options.min_region > 0) found.mask = without_small_regions(found.mask, options.min_region).mask;
    return found.mask.area < options.min_area || found.mask.area > options.max_area;
  });
  for (const FoundMask& found : masks) {
    packed.push_back(&found.mask);
    scores.push_back(found.predicted_iou + 2 * static_cast<double>(found.crop.layer));
  }
  return picked(masks, suppress_masks(packed, scores, options.nms_iou));
}

}  // namespace

AutomaticMaskGenerator::AutomaticMaskGenerator(SamHq model, AmgOptions options)
    : model_(std::move(model)), options_(options) {
  if (model_.is_empty()) fail("AutomaticMaskGenerator", "got no model; load one with load_sam_hq");
  options_.validate();
  check_kinds(model_, {options_.masks});
}

Masks AutomaticMaskGenerator::generate(const Image& picture) const {
  check_image("AutomaticMaskGenerator", picture);
  if (options_.tile > 0) return chosen(of_tiles(picture), options_);
  const std::vector<Crop> crops = crops_of(picture.size(), options_.crop_layers, options_.crop_overlap);
  Masks all;
  int64_t points = options_.points_per_side, layer = 0;
  for (const Crop& crop : crops) {
    for (; layer < crop.layer; ++layer) points /= options_.crop_points_divisor;
    CropSession session(model_, picture, crop);
    Masks masks = options_.exact ? exact_masks_of(session, point_grid(points), picture.size(), options_)
                                 : own_masks_of(session, grid_over(crop, points), options_);
    std::move(masks.begin(), masks.end(), std::back_inserter(all));
  }
  if (!options_.exact) return chosen(std::move(all), options_);
  if (crops.size() > 1) all = without_twins_between_crops(std::move(all), options_);
  if (options_.min_region > 0) all = without_small_regions(std::move(all), options_);
  return all;
}

Masks AutomaticMaskGenerator::of_tiles(const Image& picture) const {
  Masks all;
  for (const Tile& tile : tiles_of(picture.size(), options_.tile, options_.points_per_side)) {
    CropSession session(model_, picture, tile.crop);
    Masks masks = own_masks_of(session, tile.points, options_);
    std::move(masks.begin(), masks.end(), std::back_inserter(all));
  }
  return merge_tiles(std::move(all));
}

Masks AutomaticMaskGenerator::of_boxes(const Image& picture, std::span<const Box> boxes_in_image) const {
  if (options_.exact) fail("AutomaticMaskGenerator", "SAM's algorithm (exact) has a grid and takes no boxes");
  if (boxes_in_image.empty()) fail("AutomaticMaskGenerator", "got no boxes");
  CropSession session(model_, picture, {0, 0, picture.width, picture.height});
  return chosen(masks_of_boxes(session, boxes_in_image, options_), options_);
}

}  // namespace hqsam
