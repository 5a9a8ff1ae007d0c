// SPDX-License-Identifier: Apache-2.0
#include "hqsam/amg/tiles.h"

#include <gtest/gtest.h>

#include <set>

#include "hqsam/amg/generator.h"
#include "predict/tiny_model.h"

namespace hqsam {
using namespace testing_support;

namespace {

constexpr Size kPicture = {100, 400};

FoundMask rectangle(const Crop& tile, int64_t x0, int64_t y0, int64_t x1, int64_t y1, double score = 0.9) {
  Mask mask(kPicture.height, kPicture.width);
  for (int64_t y = std::max(y0, tile.y0); y < std::min(y1, tile.y1); ++y) {
    for (int64_t x = std::max(x0, tile.x0); x < std::min(x1, tile.x1); ++x) mask.at(y, x) = 1;
  }
  return {.mask = pack_tightly(mask), .predicted_iou = score, .crop = tile};
}

const Crop kLeft = {0, 0, 128, 100}, kMiddle = {64, 0, 192, 100}, kRight = {128, 0, 256, 100};

TEST(Tiles, AskEachPointOfThePictureOnceWithItsSurroundings) {
  const Size picture{300, 700};
  std::set<std::pair<double, double>> asked;
  for (const Tile& tile : tiles_of(picture, 256, 8)) {
    EXPECT_EQ(tile.crop.size(), (Size{256, 256}));
    for (const GridPoint& point : tile.points) {
      const double x = point.in_crop.x + static_cast<double>(tile.crop.x0);
      const double y = point.in_crop.y + static_cast<double>(tile.crop.y0);
      EXPECT_TRUE(asked.emplace(x, y).second);
      const auto near = [](double in_crop, int64_t begin, int64_t end, int64_t length) {
        const double size = static_cast<double>(end - begin);
        return (begin == 0 || in_crop >= 64) && (end == length || in_crop <= size - 64);
      };
      EXPECT_TRUE(near(point.in_crop.x, tile.crop.x0, tile.crop.x1, picture.width));
      EXPECT_TRUE(near(point.in_crop.y, tile.crop.y0, tile.crop.y1, picture.height));
    }
  }
  EXPECT_EQ(asked.size(), 22u * 9u);  // every 32 pixels from 16 on
}

TEST(Tiles, OfASmallPictureAreThePictureItself) {
  const auto tiles = tiles_of({50, 60}, 256, 8);
  ASSERT_EQ(tiles.size(), 1u);
  EXPECT_EQ(tiles.front().crop, (Crop{0, 0, 60, 50}));
}

TEST(Tiles, PartsOfOneThingAreUnitedAcrossAllTilesItLiesIn) {
  const auto merged = merge_tiles({rectangle(kLeft, 30, 20, 230, 60, 0.9), rectangle(kMiddle, 30, 20, 230, 60, 0.95),
                                   rectangle(kRight, 30, 20, 230, 60, 0.91)});
  // Each part ends at its tile's edge, the right one at its left.
  ASSERT_EQ(merged.size(), 1u);
  EXPECT_EQ(merged.front().mask.box, (Box{30, 20, 229, 59}));
  EXPECT_EQ(merged.front().mask.area, 200 * 40);
  EXPECT_EQ(merged.front().predicted_iou, 0.95);
}

TEST(Tiles, AWholeThingStandsForItsPartsInOtherTiles) {
  const auto merged = merge_tiles({rectangle(kLeft, 80, 20, 170, 60), rectangle(kMiddle, 80, 20, 170, 60, 0.5)});
  ASSERT_EQ(merged.size(), 1u);
  EXPECT_EQ(merged.front().mask.box, (Box{80, 20, 169, 59}));
  EXPECT_EQ(merged.front().predicted_iou, 0.5);
}

TEST(Tiles, ThingsThatOnlyTouchOrLieInEachOtherStayApart) {
  // A rod and the part of it that the left tile alone sees; and another thing in the middle tile.
  const auto merged = merge_tiles({rectangle(kLeft, 30, 20, 150, 30), rectangle(kLeft, 10, 10, 120, 90),
                                   rectangle(kMiddle, 30, 20, 150, 30), rectangle(kMiddle, 130, 50, 180, 80)});
  ASSERT_EQ(merged.size(), 3u);
  EXPECT_EQ(merged[0].mask.box, (Box{30, 20, 149, 29}));
}

TEST(Tiles, ThePictureShiftedByHalfATileHasTheSameMasksAwayFromItsEdges) {
  AmgOptions options;
  options.points_per_side = 8;
  options.min_predicted_iou = 0;
  options.min_stability = 0.2;
  options.stability_offset = 0.02;
  options.tile = 64;
  const Image whole = waves(64, 320);
  Image shifted(64, 288, 3);
  for (int64_t y = 0; y < 64; ++y) std::copy_n(whole.at(y, 32), 288 * 3, shifted.at(y, 0));
  const AutomaticMaskGenerator generator(tiny_model(), options);
  const auto boxes_of = [](const std::vector<FoundMask>& masks, double by) {
    std::set<std::tuple<double, double, double, double, int64_t>> boxes;
    for (const FoundMask& found : masks) {
      const Box& box = *found.mask.box;
      // Of tiles that both pictures have, with the tiles around them.
      if (found.crop.x0 + by < 112 || found.crop.x1 + by > 208) continue;
      boxes.emplace(box.x0 + by, box.y0, box.x1 + by, box.y1, found.mask.area);
    }
    return boxes;
  };
  const auto a = boxes_of(generator.generate(whole), 0), b = boxes_of(generator.generate(shifted), 32);
  EXPECT_GT(a.size(), 0u);
  EXPECT_EQ(a, b);
}

}  // namespace
}  // namespace hqsam
