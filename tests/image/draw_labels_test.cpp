// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/draw_labels.h"

#include <gtest/gtest.h>

#include <set>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

TEST(DrawLabels, ColorsInsidesAndOutlinesAndLeavesTheRest) {
  const Size size{8, 12};
  std::vector<uint16_t> labels(static_cast<size_t>(size.height * size.width), 0);
  for (int64_t y = 0; y < 8; ++y) {
    for (int64_t x = 0; x < 6; ++x) labels[static_cast<size_t>(y * 12 + x)] = 1;
  }
  Image image(8, 12, 3, 100);
  draw_labels(image, labels, size, 0.5);
  const Color color = label_color(1);
  for (size_t c = 0; c < 3; ++c) {
    EXPECT_EQ(image.at(4, 5)[c], color[c]);  // beside what has no label
    EXPECT_NEAR(image.at(4, 2)[c], (100 + color[c]) / 2.0, 1);
    EXPECT_EQ(image.at(4, 8)[c], 100);
  }
  Image half(4, 6, 3, 100);  // labels of the picture that this is a small version of
  draw_labels(half, labels, size, 0.5);
  EXPECT_NE(half.at(2, 1)[0], 100);
  EXPECT_EQ(half.at(2, 4)[0], 100);
}

TEST(DrawLabels, NeighboursInNumberHaveOtherColors) {
  std::set<Color> colors;
  for (uint16_t label = 1; label <= 200; ++label) colors.insert(label_color(label));
  EXPECT_GT(colors.size(), 190u);
}

TEST(DrawLabels, RefuseWhatDoesNotFit) {
  Image image(8, 12, 3), gray(8, 12, 1);
  const std::vector<uint16_t> labels(10);
  EXPECT_THROW(draw_labels(image, labels, {8, 12}), Error);
  EXPECT_THROW(draw_labels(gray, std::vector<uint16_t>(96), {8, 12}), Error);
}

}  // namespace
}  // namespace hqsam
