// SPDX-License-Identifier: Apache-2.0
#include "hqsam/synth/render.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace hqsam::synth {
namespace {

constexpr int kShift = 4;          // fractional bits of OpenCV's drawing coordinates
constexpr float kThinnest = 1.6f;  // pixels

// The canvas is larger than the picture by this factor; averaging it down smooths the edges.
int supersampling(cv::Size size) { return std::clamp(2048 / std::max(size.width, size.height), 2, 4); }

class Canvas {
 public:
  Canvas(cv::Size size, const Placement& placement, Pt light)
      : factor_(supersampling(size)),
        size_(size),
        placement_(placement),
        light_(light),
        alpha_(size * factor_, CV_8U, cv::Scalar(0)),
        color_(size * factor_, CV_8UC3, cv::Scalar(0, 0, 0)) {}

  void draw(const Primitive& primitive) {
    if (primitive.filled) {
      fill(primitive);
      return;
    }
    const float widest = std::max(primitive.width, primitive.end_width) * placement_.scale;
    const bool tube = widest >= 3 && primitive.gloss > 0;
    line(primitive, 1, {0, 0}, tube ? mix(primitive.color, {0, 0, 0}, 0.3f) : primitive.color);
    if (!tube) return;
    line(primitive, 0.62f, 0.1f * light_, primitive.color);
    line(primitive, 0.2f, 0.22f * light_, mix(primitive.color, {255, 255, 255}, 0.7f * primitive.gloss));
  }

  Rendered result() const {
    Rendered rendered;
    cv::Mat alpha, color;
    cv::resize(alpha_, alpha, size_, 0, 0, cv::INTER_AREA);
    cv::resize(color_, color, size_, 0, 0, cv::INTER_AREA);
    alpha.convertTo(rendered.alpha, CV_32F, 1.0 / 255);
    color.convertTo(rendered.color, CV_32FC3);
    for (int y = 0; y < size_.height; ++y) {
      for (int x = 0; x < size_.width; ++x) {
        const float share = rendered.alpha.at<float>(y, x);
        if (share > 0) rendered.color.at<Rgb>(y, x) *= 1 / share;
      }
    }
    return rendered;
  }

 private:
  cv::Point at(Pt point, Pt offset = {0, 0}) const {
    const cv::Vec2f pixel = placement_.matrix * cv::Vec3f(point.x, point.y, 1);
    const float scale = static_cast<float>(factor_ << kShift);
    return {static_cast<int>(std::lround(scale * (pixel[0] + offset.x))),
            static_cast<int>(std::lround(scale * (pixel[1] + offset.y)))};
  }

  void fill(const Primitive& primitive) {
    std::vector<std::vector<cv::Point>> polygon(1);
    for (Pt point : primitive.points) polygon[0].push_back(at(point));
    cv::fillPoly(alpha_, polygon, cv::Scalar(255), cv::LINE_8, kShift);
    cv::fillPoly(color_, polygon, scalar(primitive.color), cv::LINE_8, kShift);
  }

  // part: of the whole width; offset: of the whole width, sideways.
  void line(const Primitive& primitive, float part, Pt offset, Rgb color) {
    const size_t n = primitive.points.size();
    for (size_t i = 0; i + 1 < n; ++i) {
      const float t = static_cast<float>(i) / static_cast<float>(n - 1);
      const float whole = primitive.width + (primitive.end_width - primitive.width) * t;
      const float pixels = std::max(kThinnest, whole * placement_.scale);
      const int thickness = std::max(1, static_cast<int>(std::lround(part * pixels * static_cast<float>(factor_))));
      const cv::Point from = at(primitive.points[i], pixels * offset),
                      to = at(primitive.points[i + 1], pixels * offset);
      cv::line(alpha_, from, to, cv::Scalar(255), thickness, cv::LINE_8, kShift);
      cv::line(color_, from, to, scalar(color), thickness, cv::LINE_8, kShift);
    }
  }

  static cv::Scalar scalar(const Rgb& color) { return {color[0], color[1], color[2]}; }

  int factor_;
  cv::Size size_;
  Placement placement_;
  Pt light_;
  cv::Mat alpha_, color_;
};

cv::Rect2f bounds(const Drawing& drawing, const cv::Matx22f& matrix) {
  float left = 1e9f, top = 1e9f, right = -1e9f, bottom = -1e9f;
  for (const Primitive& primitive : drawing.primitives) {
    const float half = 0.5f * std::max(primitive.width, primitive.end_width);
    for (Pt point : primitive.points) {
      const cv::Vec2f at = matrix * cv::Vec2f(point.x, point.y);
      left = std::min(left, at[0] - half);
      top = std::min(top, at[1] - half);
      right = std::max(right, at[0] + half);
      bottom = std::max(bottom, at[1] + half);
    }
  }
  return {left, top, right - left, bottom - top};
}

// In radians. Things that stand upright are rotated only slightly.
float largest_turn(const std::string& kind) {
  if (kind == "leaf" || kind == "insect" || kind == "fern" || kind == "glasses" || kind == "wheel") return 3.14f;
  return kind == "wire" || kind == "umbrella" || kind == "kite" ? 0.6f : 0.15f;
}

}  // namespace

Placement place(const Drawing& drawing, cv::Size size, Dice& dice) {
  const float limit = largest_turn(drawing.kind);
  const float angle = dice.in(-limit, limit), stretch = dice.in(0.8f, 1.25f), shear = dice.in(-0.15f, 0.15f);
  const float mirror = drawing.kind == "bicycle" ? dice.sign() : 1.0f;
  const float c = std::cos(angle), s = std::sin(angle);
  const cv::Matx22f turn(c, -s, s, c), warp(mirror * stretch, shear, 0, 1 / stretch);
  const cv::Matx22f shape = turn * warp;
  const cv::Rect2f box = bounds(drawing, shape);
  const float width = static_cast<float>(size.width), height = static_cast<float>(size.height);
  const float share = dice.in(0.2f, 0.8f);
  const float room = dice.chance(0.12) ? 1.2f : 0.96f;  // of the picture's sides
  const float scale = std::min({std::sqrt(share * width * height / (box.width * box.height)), room * width / box.width,
                                room * height / box.height});
  const auto offset = [&](float picture, float thing) {
    const float margin = 0.02f * picture;
    const float low = std::min(margin, picture - thing - margin), high = std::max(margin, picture - thing - margin);
    return dice.in(low, high);
  };
  const float left = offset(width, scale * box.width);
  const float top = offset(height, scale * box.height);
  const cv::Matx22f matrix = shape * scale;
  Placement placement;
  placement.scale = scale;
  placement.matrix = {matrix(0, 0), matrix(0, 1), left - scale * box.x,
                      matrix(1, 0), matrix(1, 1), top - scale * box.y};
  return placement;
}

Rendered render(const Drawing& drawing, const Placement& placement, cv::Size size, Pt light) {
  Canvas canvas(size, placement, light);
  for (const Primitive& primitive : drawing.primitives) canvas.draw(primitive);
  return canvas.result();
}

}  // namespace hqsam::synth
