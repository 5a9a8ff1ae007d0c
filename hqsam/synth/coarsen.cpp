// SPDX-License-Identifier: Apache-2.0
#include "hqsam/synth/coarsen.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "hqsam/synth/drawing.h"
#include "hqsam/synth/noise.h"

namespace hqsam {
namespace {

using synth::Dice;

constexpr float kWorkSide = 256;  // pixels; a hurried annotator sees no finer detail

// One annotator's habits; lengths are fractions of the longer side of the thing's box.
struct Habits {
  float closing, opening, thickening, smoothing, simplifying, trembling;
  float smallest_hole;  // holes and pieces below this share of the box's area are passed over
  float losing;         // how much of the thin parts is lost, 0..1
};

Habits draw_habits(Dice& dice) {
  Habits habits;
  habits.closing = dice.in(0.03f, 0.07f);
  habits.opening = dice.in(0.015f, 0.035f);
  habits.thickening = dice.in(0.008f, 0.03f);
  habits.smoothing = dice.in(0.008f, 0.02f);
  habits.simplifying = dice.in(0.012f, 0.025f);
  habits.trembling = dice.in(0.004f, 0.014f);
  habits.smallest_hole = dice.in(0.01f, 0.08f);
  habits.losing = dice.in(-0.2f, 0.6f);
  return habits;
}

// The box of the thing at working size: x_in_image = (x + 0.5) / scale - 0.5 + origin.
struct Sketch {
  cv::Mat mask;  // CV_8U, 0 or 255
  float scale = 1;
  cv::Point2f origin;
  float side = 0;  // longer side of the thing's box, working pixels
};

Sketch sketch(const Mask& fine, const Box& box) {
  const int x0 = static_cast<int>(box.x0), y0 = static_cast<int>(box.y0);
  const cv::Mat whole(static_cast<int>(fine.height), static_cast<int>(fine.width), CV_8U,
                      const_cast<uint8_t*>(fine.pixels.data()));
  const cv::Rect crop(x0, y0, static_cast<int>(box.x1) - x0 + 1, static_cast<int>(box.y1) - y0 + 1);
  Sketch result;
  const float longer = static_cast<float>(std::max(crop.width, crop.height));
  result.scale = kWorkSide / longer;
  result.side = kWorkSide;
  cv::Mat bytes = whole(crop) * 255, scaled;
  const auto side = [&](int length) {
    return std::max(1, static_cast<int>(std::lround(static_cast<float>(length) * result.scale)));
  };
  cv::resize(bytes, scaled, {side(crop.width), side(crop.height)}, 0, 0,
             result.scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  // A thin line covers a small part of a working pixel and still counts.
  scaled = scaled > (result.scale < 1 ? 40 : 127);
  const int margin = static_cast<int>(0.15f * kWorkSide);
  cv::copyMakeBorder(scaled, result.mask, margin, margin, margin, margin, cv::BORDER_CONSTANT, cv::Scalar(0));
  result.origin = {static_cast<float>(x0) - static_cast<float>(margin) / result.scale,
                   static_cast<float>(y0) - static_cast<float>(margin) / result.scale};
  return result;
}

cv::Mat disc(float radius) {
  const int side = 2 * std::max(1, static_cast<int>(std::lround(radius))) + 1;
  return cv::getStructuringElement(cv::MORPH_ELLIPSE, {side, side});
}

// Keeps thick parts; thickens thin ones or, in places, loses them.
cv::Mat rough_shape(const Sketch& sketch, const Habits& habits, Dice& dice) {
  const float side = sketch.side;
  cv::Mat closed, core, thick;
  cv::morphologyEx(sketch.mask, closed, cv::MORPH_CLOSE, disc(habits.closing * side));
  cv::morphologyEx(closed, core, cv::MORPH_OPEN, disc(habits.opening * side));
  cv::dilate(closed, thick, disc(habits.thickening * side));
  const cv::Mat field = synth::noise(closed.size(), {0.3f * side, 0.3f * side}, 2, dice.stream());
  const cv::Mat kept = field > 0.25f + 0.35f * habits.losing;
  cv::Mat result = core | (thick & kept);
  // A mask that lost most of the thing is not used.
  if (cv::countNonZero(result & closed) < cv::countNonZero(closed) / 3) result = thick;
  cv::Mat smooth;
  cv::GaussianBlur(result, smooth, {0, 0}, habits.smoothing * side);
  cv::Mat rough = smooth > 127;
  return cv::countNonZero(rough & sketch.mask) > 0 ? rough : thick;
}

using Polygon = std::vector<cv::Point>;

// A polygon of few corners, each slightly displaced, in the picture's frame.
Polygon redraw(const Polygon& contour, const Sketch& sketch, const Habits& habits, Dice& dice) {
  Polygon simple;
  cv::approxPolyDP(contour, simple, habits.simplifying * sketch.side, true);
  if (simple.size() < 3) simple = contour;
  for (cv::Point& corner : simple) {
    const float tremble = habits.trembling * sketch.side;
    const float x = static_cast<float>(corner.x) + dice.in(-tremble, tremble);
    const float y = static_cast<float>(corner.y) + dice.in(-tremble, tremble);
    corner.x = static_cast<int>(std::lround((x + 0.5f) / sketch.scale - 0.5f + sketch.origin.x));
    corner.y = static_cast<int>(std::lround((y + 0.5f) / sketch.scale - 0.5f + sketch.origin.y));
  }
  return simple;
}

}  // namespace

Mask coarsen(const Mask& fine, RandomStream& stream) {
  Dice dice(stream);
  const Habits habits = draw_habits(dice);
  const auto box = bounding_box(fine);
  Mask coarse(fine.height, fine.width);
  if (!box) return coarse;
  const Sketch thing = sketch(fine, *box);
  const cv::Mat shape = rough_shape(thing, habits, dice);

  std::vector<Polygon> contours;
  std::vector<cv::Vec4i> tree;  // next, previous, first child, parent
  cv::findContours(shape, contours, tree, cv::RETR_CCOMP, cv::CHAIN_APPROX_NONE);
  double largest = 0;
  for (const Polygon& contour : contours) largest = std::max(largest, cv::contourArea(contour));
  const double smallest_hole = habits.smallest_hole * thing.side * thing.side;
  cv::Mat canvas(static_cast<int>(fine.height), static_cast<int>(fine.width), CV_8U, coarse.pixels.data());
  for (const bool holes : {false, true}) {
    for (size_t i = 0; i < contours.size(); ++i) {
      if ((tree[i][3] >= 0) != holes) continue;
      const double area = cv::contourArea(contours[i]);
      if (area < (holes ? smallest_hole : std::min(largest, 0.3 * smallest_hole))) continue;
      cv::fillPoly(canvas, std::vector<Polygon>{redraw(contours[i], thing, habits, dice)}, cv::Scalar(holes ? 0 : 1));
    }
  }
  return coarse;
}

}  // namespace hqsam
