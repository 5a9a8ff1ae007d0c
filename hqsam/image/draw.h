// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hqsam/image/image.h"

namespace hqsam {

using Color = std::array<uint8_t, 3>;  // RGB
inline constexpr Color kSamColor = {255, 127, 14}, kHqColor = {31, 150, 255}, kPromptColor = {60, 220, 90},
                       kTruthColor = {200, 60, 200}, kOutsideColor = {230, 60, 60};

// All draw into an RGB image, a mask into one of its size.
void draw_mask(Image& image, const Mask& mask, Color color, double opacity = 0.5);  // fill + outline
void draw_box(Image& image, const Box& box_in_image, Color color);                  // line width grows with the picture
void draw_point(Image& image, const Point& point_in_image, Color color);

// What a mask was prompted with, in the frame of the picture that it is drawn on.
struct PromptMarks {
  std::optional<Mask> rough_mask;
  std::optional<Box> box;
  std::vector<Point> points;
  std::vector<bool> positive;  // of the points; empty: all are
  // The same on a picture whose sides are so many times as long; the mask is left as it is.
  PromptMarks scaled(double x, double y) const;
};
// In kPromptColor, but for points that the mask must leave out, which are red.
void draw_prompt(Image& image, const PromptMarks& prompt);

// Panels side by side, scaled to one height (at most max_height pixels), a caption over each.
struct Panel {
  Image image;
  std::string caption;
};
Image side_by_side(std::span<const Panel> panels, int64_t max_height = 640);

}  // namespace hqsam
