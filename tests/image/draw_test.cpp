// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/draw.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

Color color_at(const Image& image, int64_t y, int64_t x) {
  const uint8_t* pixel = image.at(y, x);
  return {pixel[0], pixel[1], pixel[2]};
}

Mask square(Size size) {
  Mask mask(size.height, size.width);
  for (int64_t y = size.height / 4; y < size.height * 3 / 4; ++y) {
    for (int64_t x = size.width / 4; x < size.width * 3 / 4; ++x) mask.at(y, x) = 1;
  }
  return mask;
}

}  // namespace

TEST(ThresholdLabel, IsInsideAbove128) {
  Image gray(1, 4, 1);
  gray.pixels = {0, 128, 129, 255};
  EXPECT_EQ(threshold_label(gray).pixels, (std::vector<uint8_t>{0, 0, 1, 1}));
  EXPECT_EQ(mask_to_gray(threshold_label(gray)).pixels, (std::vector<uint8_t>{0, 0, 255, 255}));
  EXPECT_THROW(threshold_label(Image(2, 2, 3)), Error);
}

TEST(DrawMask, FillsOutlinesAndLeavesTheRest) {
  Image image(80, 100, 3, 100);
  draw_mask(image, square(image.size()), {200, 0, 100}, 0.5);
  EXPECT_EQ(color_at(image, 5, 5), (Color{100, 100, 100}));
  EXPECT_EQ(color_at(image, 40, 50), (Color{150, 50, 100}));
  EXPECT_EQ(color_at(image, 20, 25), (Color{200, 0, 100}));  // the outline hides what is under it
}

TEST(DrawBox, LinesGrowWithThePicture) {
  for (const auto& [side, expected] : {std::pair<int64_t, int64_t>{120, 2}, {3000, 10}}) {
    Image image(side, side, 3, 255);
    const double low = static_cast<double>(side) / 4;
    draw_box(image, {low, low, 3 * low, 3 * low}, kPromptColor);
    int64_t width = 0;
    for (int64_t x = 0; x < side / 2; ++x) width += color_at(image, side / 2, x) == kPromptColor;
    EXPECT_NEAR(static_cast<double>(width), static_cast<double>(expected), 1) << side;
  }
}

TEST(DrawPoint, CoversItsPixelAndAcceptsPointsOutside) {
  Image image(60, 60, 3, 255);
  draw_point(image, {30, 20}, kHqColor);
  EXPECT_EQ(color_at(image, 20, 30), kHqColor);
  const Image before = image;
  draw_point(image, {1e12, -1e12}, kHqColor);
  EXPECT_EQ(image, before);
  EXPECT_THROW(draw_point(image, {std::nan(""), 0}, kHqColor), Error);
}

TEST(SideBySide, PutsPanelsOfOneHeightUnderTheirCaptions) {
  const Panel panels[] = {{Image(50, 100, 3, 200), "left"},
                          {Image(400, 400, 1, 90), "a caption too long for its panel"}};
  const Image out = side_by_side(panels, 200);
  EXPECT_EQ(out.height, 200 + 23);
  EXPECT_EQ(out.width, 400 + 2 + 200);
  EXPECT_EQ(color_at(out, 100, 50), (Color{200, 200, 200}));
  EXPECT_EQ(color_at(out, 100, 500), (Color{90, 90, 90}));
  bool lettered = false;
  for (int64_t x = 0; x < 100; ++x) lettered = lettered || color_at(out, 12, x)[0] > 150;
  EXPECT_TRUE(lettered);
}

TEST(Draw, RefusesWhatDoesNotFit) {
  Image image(10, 10, 3), gray(10, 10, 1);
  EXPECT_THROW(draw_mask(image, Mask(10, 11), kHqColor), Error);
  EXPECT_THROW(draw_mask(image, Mask(10, 10), kHqColor, 1.5), Error);
  EXPECT_THROW(draw_box(gray, {1, 1, 5, 5}, kHqColor), Error);
  EXPECT_THROW(side_by_side({}), Error);
}

}  // namespace hqsam
