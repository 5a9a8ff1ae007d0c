// SPDX-License-Identifier: Apache-2.0
#include "hqsam/metrics/iou.h"

#include <gtest/gtest.h>

#include "hqsam/core/error.h"
#include "hqsam/mask/boundary.h"

namespace hqsam {
namespace {

Mask rectangle(Size size, Box box) {
  Mask mask(size.height, size.width);
  for (auto y = static_cast<int64_t>(box.y0); y <= static_cast<int64_t>(box.y1); ++y) {
    for (auto x = static_cast<int64_t>(box.x0); x <= static_cast<int64_t>(box.x1); ++x) mask.at(y, x) = 1;
  }
  return mask;
}

}  // namespace

TEST(MaskIou, IsTheShareOfTheUnionInCommon) {
  const Mask a = rectangle({40, 50}, {10, 10, 19, 19}), b = rectangle({40, 50}, {15, 10, 24, 19});
  EXPECT_DOUBLE_EQ(mask_iou(a, b), 50.0 / 150.0);
  EXPECT_DOUBLE_EQ(mask_iou(a, a), 1);
  EXPECT_DOUBLE_EQ(mask_iou(a, rectangle({40, 50}, {30, 30, 35, 35})), 0);
}

TEST(MaskIou, TwoEmptyMasksAgreeAndOneEmptyDoesNot) {
  const Mask empty(40, 50), a = rectangle({40, 50}, {10, 10, 19, 19});
  EXPECT_EQ(mask_iou(empty, empty), 1);
  EXPECT_EQ(boundary_iou(empty, empty), 1);
  EXPECT_EQ(mask_iou(empty, a), 0);
  EXPECT_EQ(boundary_iou(empty, a), 0);
  EXPECT_EQ(boundary_iou(a, empty), 0);
}

TEST(BoundaryIou, ComparesTheBandsAlone) {
  // Diagonal 50, so a band of one pixel: 100 x 100 squares would hide a shift that bands show.
  const Mask a = rectangle({30, 40}, {5, 5, 24, 24}), b = rectangle({30, 40}, {6, 5, 25, 24});
  ASSERT_EQ(boundary_width(a.size()), 1);
  // Each band has 76 pixels; they share the horizontal edges' 19 columns.
  EXPECT_DOUBLE_EQ(boundary_iou(a, b), 38.0 / (76 + 76 - 38));
  EXPECT_DOUBLE_EQ(mask_iou(a, b), 380.0 / 420.0);
  EXPECT_EQ(boundary_iou(a, a), 1);
}

TEST(BoundaryIou, WideBandsAreTheWholeMask) {
  const Mask a = rectangle({30, 40}, {5, 5, 24, 24}), b = rectangle({30, 40}, {8, 5, 25, 24});
  EXPECT_EQ(boundary_iou(a, b, 1.0), mask_iou(a, b));
}

TEST(Iou, RefusesMasksOfTwoSizes) {
  EXPECT_THROW(mask_iou(Mask(3, 4), Mask(4, 3)), Error);
  EXPECT_THROW(boundary_iou(Mask(3, 4), Mask(4, 3)), Error);
}

}  // namespace hqsam
