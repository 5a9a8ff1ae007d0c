// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/draw.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "hqsam/core/error.h"
#include "hqsam/image/resize.h"
#include "hqsam/mask/boundary.h"

namespace hqsam {
namespace {

constexpr Color kDark = {24, 24, 24}, kLight = {240, 240, 240};
constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;

// A view of the image's pixels, into which OpenCV draws.
cv::Mat view_of(const char* function, Image& image) {
  check_image(function, image);
  if (image.channels != 3) fail(function, "expected an RGB image to draw into, got {} channel", image.channels);
  return {static_cast<int>(image.height), static_cast<int>(image.width), CV_8UC3, image.pixels.data()};
}

cv::Scalar scalar(Color color) { return cv::Scalar(color[0], color[1], color[2]); }

// Pixels, growing with the picture, so that lines stay visible when it is shown smaller.
int line_width(const Image& image) {
  return static_cast<int>(std::max<int64_t>(2, std::max(image.height, image.width) / 300));
}

// Rounds to whole pixels. Coordinates far outside are moved to one picture's width or height beyond the border.
cv::Point pixel(const char* function, const Image& image, double x, double y) {
  if (!std::isfinite(x) || !std::isfinite(y)) fail(function, "expected finite coordinates, got ({}, {})", x, y);
  const double width = static_cast<double>(image.width), height = static_cast<double>(image.height);
  return {static_cast<int>(std::lround(std::clamp(x, -width, 2 * width))),
          static_cast<int>(std::lround(std::clamp(y, -height, 2 * height)))};
}

struct Text {
  double scale = 1;  // of OpenCV's font, whose capitals are 21 pixels tall
  int thickness = 1;
  int margin = 2;
  cv::Size size;  // of the letters
  int baseline = 0;

  Text(const std::string& text, double capital_pixels) : scale(capital_pixels / 21) {
    thickness = std::max(1, static_cast<int>(std::lround(capital_pixels / 10)));
    margin = std::max(2, static_cast<int>(std::lround(capital_pixels / 3)));
    size = cv::getTextSize(text, kFont, scale, thickness, &baseline);
  }
  int width() const { return size.width + 2 * margin; }
  int height() const { return size.height + baseline + 2 * margin; }
};

void put(cv::Mat& canvas, const std::string& text, const Text& shape, cv::Point top_left, Color color) {
  const cv::Point origin(top_left.x + shape.margin, top_left.y + shape.margin + shape.size.height);
  cv::putText(canvas, text, origin, kFont, shape.scale, scalar(color), shape.thickness, cv::LINE_AA);
}

Image to_rgb(const Image& image) {
  check_image("side_by_side", image);
  if (image.channels == 3) return image;
  Image rgb(image.height, image.width, 3);
  for (size_t i = 0; i < rgb.pixels.size(); ++i) rgb.pixels[i] = image.pixels[i / 3];
  return rgb;
}

// Shrinks the letters until the caption fits, down to a readable size; then cuts off the rest.
void put_caption(cv::Mat bar, std::string caption, double capital_pixels) {
  constexpr double kReadable = 7;
  Text shape(caption, capital_pixels);
  if (shape.width() > bar.cols) capital_pixels = std::max(kReadable, capital_pixels * bar.cols / shape.width());
  shape = Text(caption, capital_pixels);
  while (shape.width() > bar.cols && caption.size() > 1) {
    caption.pop_back();
    shape = Text(caption, capital_pixels);
  }
  put(bar, caption, shape, {0, (bar.rows - shape.height()) / 2}, kLight);
}

}  // namespace

void draw_mask(Image& image, const Mask& mask, Color color, double opacity) {
  view_of("draw_mask", image);
  if (mask.size() != image.size()) {
    fail("draw_mask", "expected a mask of the image's size {} x {}, got {} x {} (height x width)", image.height,
         image.width, mask.height, mask.width);
  }
  if (!(opacity >= 0 && opacity <= 1)) fail("draw_mask", "expected an opacity from 0 to 1, got {}", opacity);
  const Mask outline = boundary_band(mask, line_width(image));
  for (size_t i = 0; i < mask.pixels.size(); ++i) {
    if (mask.pixels[i] == 0) continue;
    const double share = outline.pixels[i] != 0 ? 1 : opacity;
    for (size_t c = 0; c < 3; ++c) {
      uint8_t& value = image.pixels[3 * i + c];
      value = static_cast<uint8_t>(std::lround((1 - share) * value + share * color[c]));
    }
  }
}

void draw_box(Image& image, const Box& box_in_image, Color color) {
  cv::Mat canvas = view_of("draw_box", image);
  const int width = line_width(image);
  const cv::Point low = pixel("draw_box", image, box_in_image.x0, box_in_image.y0),
                  high = pixel("draw_box", image, box_in_image.x1, box_in_image.y1);
  cv::rectangle(canvas, low, high, scalar(kDark), width + 2, cv::LINE_AA);  // an edge against any background
  cv::rectangle(canvas, low, high, scalar(color), width, cv::LINE_AA);
}

void draw_point(Image& image, const Point& point_in_image, Color color) {
  cv::Mat canvas = view_of("draw_point", image);
  const int width = line_width(image);
  const cv::Point center = pixel("draw_point", image, point_in_image.x, point_in_image.y);
  cv::circle(canvas, center, 3 * width + 1, scalar(kDark), cv::FILLED, cv::LINE_AA);
  cv::circle(canvas, center, 3 * width, scalar(kLight), cv::FILLED, cv::LINE_AA);
  cv::circle(canvas, center, 2 * width, scalar(color), cv::FILLED, cv::LINE_AA);
}

PromptMarks PromptMarks::scaled(double x, double y) const {
  PromptMarks result = *this;
  if (box) result.box = Box{box->x0 * x, box->y0 * y, box->x1 * x, box->y1 * y};
  for (Point& point : result.points) point = {point.x * x, point.y * y};
  return result;
}

void draw_prompt(Image& image, const PromptMarks& prompt) {
  if (prompt.rough_mask) draw_mask(image, *prompt.rough_mask, kPromptColor);
  if (prompt.box) draw_box(image, *prompt.box, kPromptColor);
  for (size_t i = 0; i < prompt.points.size(); ++i) {
    const bool inside = prompt.positive.empty() || prompt.positive[i];
    draw_point(image, prompt.points[i], inside ? kPromptColor : kOutsideColor);
  }
}

Image side_by_side(std::span<const Panel> panels, int64_t max_height) {
  if (panels.empty()) fail("side_by_side", "expected at least one panel");
  if (max_height < 1) fail("side_by_side", "expected a height of at least one pixel, got {}", max_height);
  int64_t height = 1, total_width = 0;
  for (const Panel& panel : panels) height = std::max(height, panel.image.height);
  height = std::min(height, max_height);
  std::vector<Image> scaled;
  for (const Panel& panel : panels) {
    const Image rgb = to_rgb(panel.image);
    const auto width =
        static_cast<int64_t>(std::lround(static_cast<double>(rgb.width * height) / static_cast<double>(rgb.height)));
    scaled.push_back(resize_antialiased(rgb, {height, std::max<int64_t>(1, width)}));
    total_width += scaled.back().width;
  }
  const double capital_pixels = std::max(9.0, static_cast<double>(height) / 40);
  const auto bar = static_cast<int64_t>(std::lround(2.5 * capital_pixels)), gap = std::max<int64_t>(2, height / 100);
  Image out(bar + height, total_width + gap * static_cast<int64_t>(panels.size() - 1), 3, kDark[0]);
  cv::Mat canvas = view_of("side_by_side", out);
  int64_t left = 0;
  for (size_t i = 0; i < scaled.size(); ++i) {
    const cv::Rect area(static_cast<int>(left), static_cast<int>(bar), static_cast<int>(scaled[i].width),
                        static_cast<int>(height));
    view_of("side_by_side", scaled[i]).copyTo(canvas(area));
    put_caption(canvas(cv::Rect(area.x, 0, area.width, static_cast<int>(bar))), panels[i].caption, capital_pixels);
    left += scaled[i].width + gap;
  }
  return out;
}

}  // namespace hqsam
