// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/morphology.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "mask/random_mask.h"

namespace hqsam {
namespace {

Mask of_text(const std::vector<std::string>& rows) {
  Mask mask(static_cast<int64_t>(rows.size()), static_cast<int64_t>(rows[0].size()));
  for (int64_t y = 0; y < mask.height; ++y) {
    for (int64_t x = 0; x < mask.width; ++x) mask.at(y, x) = rows[y][x] == '#';
  }
  return mask;
}

// Any pixel equal to value within the square, by looking at all.
bool has(const Mask& mask, int64_t y, int64_t x, int64_t radius, uint8_t value) {
  for (int64_t v = std::max<int64_t>(y - radius, 0); v <= std::min(y + radius, mask.height - 1); ++v) {
    for (int64_t u = std::max<int64_t>(x - radius, 0); u <= std::min(x + radius, mask.width - 1); ++u) {
      if (mask.at(v, u) == value) return true;
    }
  }
  return false;
}

}  // namespace

TEST(Morphology, SquaresLookAtAllPixelsWithin) {
  for (const int64_t radius : {1, 3, 40}) {
    const Mask mask = testing_support::random_mask(21, 33, 0.9, 5),
               rare = testing_support::random_mask(21, 33, 0.05, 6);
    const Mask eroded = erode_square(mask, radius), dilated = dilate_square(rare, radius);
    for (int64_t y = 0; y < 21; ++y) {
      for (int64_t x = 0; x < 33; ++x) {
        ASSERT_EQ(eroded.at(y, x), !has(mask, y, x, radius, 0)) << radius << " " << y << "," << x;
        ASSERT_EQ(dilated.at(y, x), has(rare, y, x, radius, 1)) << radius << " " << y << "," << x;
      }
    }
  }
}

TEST(Morphology, CrossesLookAtFourNeighbours) {
  const Mask dot = of_text({".....", ".....", "..#..", ".....", "....."});
  EXPECT_EQ(dilate_cross(dot), of_text({".....", "..#..", ".###.", "..#..", "....."}));
  EXPECT_EQ(erode_cross(dilate_cross(dot)), dot);
  EXPECT_EQ(erode_cross(of_text({"###", "###", "###"})), of_text({"###", "###", "###"}));  // the border has no say
  EXPECT_EQ(area(dilate_cross(dot, 2)), 13);
}

TEST(Morphology, SkeletonOfABarIsALine) {
  Mask bar(20, 60);
  for (int64_t y = 5; y < 12; ++y) std::fill_n(bar.pixels.begin() + y * 60 + 5, 50, uint8_t{1});
  const Mask bones = skeleton(bar);
  EXPECT_GT(area(bones), 35);
  EXPECT_LT(area(bones), 60);
  EXPECT_EQ(components(bones).count, 1);
  for (size_t i = 0; i < bar.pixels.size(); ++i) EXPECT_LE(bones.pixels[i], bar.pixels[i]);
}

TEST(Morphology, SkeletonKeepsRegionsWholeAndApart) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const Mask mask = dilate_square(testing_support::random_mask(60, 80, 0.01, seed), 4);
    const Mask bones = skeleton(mask);
    EXPECT_EQ(components(bones).count, components(mask).count);
    EXPECT_EQ(skeleton(bones), bones);
    EXPECT_EQ(area(erode_square(bones, 1)), 0);
  }
}

TEST(Morphology, SkeletonIsWithoutTheCornersOfStairs) {
  const Mask stairs = of_text({"##......", ".##.....", "..##....", "...####.", "........"});
  EXPECT_EQ(skeleton(stairs), of_text({"........", ".##.....", "...#....", "....###.", "........"}));
}

TEST(Morphology, ComponentsTouchAtCornersToo) {
  const Components found = components(of_text({"#..#", ".#..", "...#"}));
  EXPECT_EQ(found.count, 3);
  EXPECT_EQ(found.label[0], found.label[5]);
  EXPECT_NE(found.label[3], found.label[0]);
  EXPECT_EQ(components(Mask(3, 3)).count, 0);
}

TEST(Contours, FollowOutsidesAndHoles) {
  const auto ring = contours(of_text({".....", ".###.", ".#.#.", ".###.", "....."}));
  ASSERT_EQ(ring.size(), 2U);
  EXPECT_EQ(ring[0].size(), 8U);
  EXPECT_EQ(ring[1].size(), 4U);  // the pixels beside the hole
  EXPECT_EQ(contours(of_text({"..#"}))[0].size(), 1U);
  EXPECT_EQ(contours(of_text({"####"}))[0].size(), 6U);  // there and back
  EXPECT_TRUE(contours(Mask(4, 4)).empty());
}

TEST(Contours, ArePixelsOfTheMaskNextToItsOutside) {
  const Mask mask = testing_support::random_mask(40, 50, 0.7, 9);
  const Mask inner = erode_cross(mask);
  Mask seen(40, 50);
  for (const auto& border : contours(mask)) {
    for (const Pixel& pixel : border) {
      EXPECT_EQ(mask.at(pixel.y, pixel.x), 1);
      seen.at(pixel.y, pixel.x) = 1;
    }
  }
  for (int64_t y = 1; y < 39; ++y) {
    for (int64_t x = 1; x < 49; ++x) EXPECT_EQ(seen.at(y, x), mask.at(y, x) & (inner.at(y, x) ^ 1)) << y << "," << x;
  }
}

}  // namespace hqsam
