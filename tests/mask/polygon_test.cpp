// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/polygon.h"

#include <gtest/gtest.h>

#include <limits>

#include "hqsam/core/error.h"

namespace hqsam {

// The expected texts are pycocotools'; tests/parity/coco.py compares a thousand more.
TEST(Polygon, GivesPycocotoolsRunLengths) {
  const Polygon slanted = {{2.5, 1.2}, {11.7, 3.4}, {9.1, 13.8}, {4.0, 10.3}};
  EXPECT_EQ(rle_to_string(rle_of_polygon(slanted, {16, 14})), "a16;3L001O10O000L4LQ1");
  const Polygon beyond_the_border = {{-6.3, 4.0}, {9.9, -3.2}, {20.5, 18.0}};
  EXPECT_EQ(rle_to_string(rle_of_polygon(beyond_the_border, {12, 15})), "1661N101O1O001O00U11jN2N2N");
  const Polygon rectangle = {{1, 1}, {8, 1}, {8, 6}, {1, 6}};
  EXPECT_EQ(rle_to_string(rle_of_polygon(rectangle, {8, 10})), "95300000000000?");
}

TEST(Polygon, TurnsThatCrossCancel) {
  const Polygon bow = {{2, 2}, {10, 10}, {10, 2}, {2, 10}};
  EXPECT_EQ(rle_to_string(rle_of_polygon(bow, {12, 12})), "j076N2N2N10O2N2N2e0");
}

TEST(Polygon, PartsOfAnObjectAreUnited) {
  const Polygon left = {{0, 0}, {6, 0}, {6, 6}, {0, 6}}, right = {{4, 2}, {9, 2}, {9, 9}, {4, 9}};
  const Mask a = rle_decode(rle_of_polygon(left, {10, 10})), b = rle_decode(rle_of_polygon(right, {10, 10}));
  Mask both(10, 10);
  for (size_t i = 0; i < both.pixels.size(); ++i) both.pixels[i] = a.pixels[i] | b.pixels[i];
  const std::vector<Polygon> parts = {left, right};
  EXPECT_EQ(rle_decode(rle_of_polygons(parts, {10, 10})), both);
  EXPECT_EQ(rle_of_polygons(parts, {10, 10}), rle_encode(both));
}

TEST(Polygon, FarAwayOrTinyIsEmpty) {
  EXPECT_EQ(rle_area(rle_of_polygon({{500, 500}, {600, 500}, {600, 600}}, {20, 30})), 0);
  EXPECT_EQ(rle_area(rle_of_polygon({{3.1, 3.1}, {3.2, 3.1}, {3.2, 3.2}}, {20, 30})), 0);
  EXPECT_EQ(rle_area(rle_of_polygon({{1, 1}, {1, 1}, {1, 1}}, {20, 30})), 0);
}

TEST(Polygon, RefusesWhatIsNone) {
  EXPECT_THROW(rle_of_polygon({{1, 1}, {5, 5}}, {20, 30}), Error);
  EXPECT_THROW(rle_of_polygon({{1, 1}, {5, 5}, {std::numeric_limits<double>::quiet_NaN(), 2}}, {20, 30}), Error);
  EXPECT_THROW(rle_of_polygon({{1, 1}, {5, 5}, {1e300, 2}}, {20, 30}), Error);
  EXPECT_THROW(rle_of_polygon({{1, 1}, {5, 5}, {2, 9}}, {int64_t{1} << 40, int64_t{1} << 40}), Error);
}

TEST(Polygon, RefusesOutlinesTooLongToWalk) {
  Polygon zigzag;
  for (int i = 0; i < 99; ++i) zigzag.push_back(i % 2 == 0 ? Point{-1e6, -1e6} : Point{1e6, 1e6});
  EXPECT_THROW(rle_of_polygon(zigzag, {20, 30}), Error);
  const Polygon large = {{-1e6, -1e6}, {1e6, -1e6}, {1e6, 1e6}};  // 30 million steps
  EXPECT_EQ(rle_area(rle_of_polygon(large, {20, 30})), 190 + 200);
  EXPECT_THROW(rle_of_polygons(std::vector<Polygon>{large, large}, {20, 30}), Error);
}

}  // namespace hqsam
