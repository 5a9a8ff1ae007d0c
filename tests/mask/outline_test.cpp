// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/outline.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/mask/morphology.h"
#include "random_mask.h"

namespace hqsam {
namespace {

using testing_support::random_mask;

Mask mask_of(const std::vector<std::string>& rows) {
  Mask mask(static_cast<int64_t>(rows.size()), static_cast<int64_t>(rows[0].size()));
  for (int64_t y = 0; y < mask.height; ++y) {
    for (int64_t x = 0; x < mask.width; ++x) mask.at(y, x) = rows[y][x] == '#';
  }
  return mask;
}

// Smooth shapes with holes: noise, made coarse.
Mask blobs(int64_t height, int64_t width, uint64_t seed) {
  return erode_square(dilate_square(random_mask(height, width, 0.03, seed), 2), 1);
}

double iou(const Mask& a, const Mask& b) {
  int64_t both = 0, any = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) both += a.pixels[i] & b.pixels[i], any += a.pixels[i] | b.pixels[i];
  return any == 0 ? 1 : static_cast<double>(both) / static_cast<double>(any);
}

// Corners on those of pixels.
Polygon rounded(Polygon polygon) {
  for (Point& corner : polygon) corner = {std::round(corner.x), std::round(corner.y)};
  return polygon;
}

// Sum over corners, positive for a clockwise way on the screen.
double twice_signed_area(const Polygon& polygon) {
  double sum = 0;
  for (size_t i = 0; i < polygon.size(); ++i) {
    const Point &a = polygon[i], &b = polygon[(i + 1) % polygon.size()];
    sum += a.x * b.y - b.x * a.y;
  }
  return sum;
}

}  // namespace

TEST(Outline, GoesAlongTheSidesOfPixels) {
  const std::vector<Outline> found = outlines(mask_of({"....", ".##.", ".#..", "...."}));
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].outer, (Polygon{{1, 1}, {3, 1}, {3, 2}, {2, 2}, {2, 3}, {1, 3}}));
  EXPECT_TRUE(found[0].holes.empty());
}

TEST(Outline, HasAHoleTheOtherWayRound) {
  const std::vector<Outline> found = outlines(mask_of({"###", "#.#", "###"}));
  ASSERT_EQ(found.size(), 1);
  ASSERT_EQ(found[0].holes.size(), 1);
  EXPECT_EQ(twice_signed_area(found[0].outer), 18);
  EXPECT_EQ(twice_signed_area(found[0].holes[0]), -2);
}

TEST(Outline, PixelsThatTouchAtACornerAreOneRegion) {
  EXPECT_EQ(outlines(mask_of({"#..", ".#.", "..#"})).size(), 1);
  EXPECT_EQ(outlines(mask_of({"#.#", "...", "#.#"})).size(), 4);
  EXPECT_TRUE(outlines(Mask(4, 5)).empty());
}

TEST(Outline, AreasOfRingsAddUpToTheMask) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const Mask mask = random_mask(17, 23, 0.1 + 0.016 * static_cast<double>(seed), seed);
    double sum = 0;
    for (const Outline& outline : outlines(mask)) {
      sum += twice_signed_area(outline.outer);
      for (const Polygon& hole : outline.holes) sum += twice_signed_area(hole);
    }
    EXPECT_EQ(sum, 2 * static_cast<double>(area(mask)));
  }
}

TEST(Outline, PolygonsDrawnByCocosRuleAreTheMaskToThePixel) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const auto height = static_cast<int64_t>(1 + seed % 37), width = static_cast<int64_t>(1 + seed % 41);
    const double inside = 0.02 + 0.0009 * static_cast<double>(seed);
    const Mask mask = seed % 2 == 0 ? random_mask(height, width, inside, seed) : blobs(height, width, seed);
    const Rle truth = rle_encode(mask);
    if (area(mask) == 0) {
      EXPECT_TRUE(polygons_of_mask(mask).empty());
      EXPECT_TRUE(polygon_of_mask(mask).empty());
      continue;
    }
    EXPECT_EQ(rle_of_polygons(polygons_of_mask(mask), mask.size()), truth) << seed;
    EXPECT_EQ(rle_of_polygon(polygon_of_mask(mask), mask.size()), truth) << seed;
  }
}

TEST(Outline, BridgesHaveNoWidthAndKeepTheArea) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const Mask mask = blobs(60, 70, seed);
    if (area(mask) == 0) continue;
    EXPECT_EQ(twice_signed_area(rounded(polygon_of_mask(mask))), 2 * static_cast<double>(area(mask)));
  }
}

TEST(Outline, PolygonsLieALittleInsideOfPixelsCorners) {
  const Polygon expected = {{1.05, 1.05}, {2.95, 1.05}, {2.95, 1.95}, {1.95, 1.95}, {1.95, 2.95}, {1.05, 2.95}};
  const std::vector<Polygon> found = polygons_of_mask(mask_of({"....", ".##.", ".#..", "...."}));
  ASSERT_EQ(found.size(), 1);
  ASSERT_EQ(found[0].size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_DOUBLE_EQ(found[0][i].x, expected[i].x) << i;
    EXPECT_DOUBLE_EQ(found[0][i].y, expected[i].y) << i;
  }
}

TEST(Outline, ARegionWithinAHoleIsAPolygonOfItsOwn) {
  const Mask target = mask_of({"#######", "#.....#", "#.###.#", "#.#.#.#", "#.###.#", "#.....#", "#######"});
  EXPECT_EQ(polygons_of_mask(target).size(), 2);
  EXPECT_EQ(rle_of_polygons(polygons_of_mask(target), target.size()), rle_encode(target));
  EXPECT_EQ(rle_of_polygon(polygon_of_mask(target), target.size()), rle_encode(target));
}

TEST(Outline, RegionsAreJoinedWhereTheyAreNear) {
  // Three regions in a row: the ends are joined to the middle one, not to each other.
  const Polygon joined = rounded(polygon_of_mask(mask_of({"#...#...#"})));
  double way = 0;
  for (size_t i = 0; i < joined.size(); ++i) {
    const Point &a = joined[i], &b = joined[(i + 1) % joined.size()];
    way += std::abs(a.x - b.x) + std::abs(a.y - b.y);
  }
  EXPECT_EQ(way, 3 * 4 + 2 * (3 + 3));
}

TEST(Outline, SimplifiesWithinTheTolerance) {
  Mask disc(120, 130);
  for (int64_t y = 0; y < disc.height; ++y) {
    for (int64_t x = 0; x < disc.width; ++x) {
      const int64_t squared = (x - 60) * (x - 60) + (y - 55) * (y - 55);
      disc.at(y, x) = squared < 50 * 50 && squared > 20 * 20;
    }
  }
  const Polygon exact = polygon_of_mask(disc), fewer = polygon_of_mask(disc, 1);
  EXPECT_LT(4 * fewer.size(), exact.size());
  EXPECT_GT(iou(rle_decode(rle_of_polygon(fewer, disc.size())), disc), 0.97);
  // What would vanish stays.
  const Mask dot = mask_of({"...", ".#.", "..."});
  EXPECT_EQ(polygon_of_mask(dot, 100), polygon_of_mask(dot));
  EXPECT_THROW(polygon_of_mask(dot, -1), Error);
}

}  // namespace hqsam
