// SPDX-License-Identifier: Apache-2.0
#include "hqsam/synth/drawing.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hqsam::synth {

void Drawing::stroke(Path points, float width, Rgb color, float gloss) {
  taper(std::move(points), width, width, color, gloss);
}

void Drawing::taper(Path points, float width, float end_width, Rgb color, float gloss) {
  primitives.push_back({std::move(points), false, width, end_width, color, gloss});
}

void Drawing::fill(Path points, Rgb color) { primitives.push_back({std::move(points), true, 0, 0, color, 0}); }

void Drawing::disc(Pt center, float radius, Rgb color) {
  fill(arc(center, radius, radius, 0, 2 * std::numbers::pi_v<float>), color);
}

void Drawing::ring(Pt center, float radius, float width, Rgb color, float gloss) {
  stroke(arc(center, radius, radius, 0, 2 * std::numbers::pi_v<float>), width, color, gloss);
}

Pt polar(float radius, float angle) { return {radius * std::cos(angle), radius * std::sin(angle)}; }

Pt rotate(Pt point, float angle) {
  const float c = std::cos(angle), s = std::sin(angle);
  return {c * point.x - s * point.y, s * point.x + c * point.y};
}

Pt lerp(Pt a, Pt b, float t) { return a + t * (b - a); }

Path spline(const Path& through, int steps) {
  Path curve;
  const int n = static_cast<int>(through.size());
  const auto at = [&](int i) { return through[std::clamp(i, 0, n - 1)]; };
  for (int i = 0; i + 1 < n; ++i) {
    const Pt a = at(i - 1), b = at(i), c = at(i + 1), d = at(i + 2);
    for (int step = 0; step < steps; ++step) {
      const float t = static_cast<float>(step) / static_cast<float>(steps);
      const Pt slope = c - a, bend = 2 * a - 5 * b + 4 * c - d, twist = 3 * (b - c) + d - a;
      curve.push_back(b + 0.5f * t * (slope + t * (bend + t * twist)));
    }
  }
  curve.push_back(through.back());
  return curve;
}

Path arc(Pt center, float rx, float ry, float from, float to) {
  const int steps = std::clamp(static_cast<int>(std::abs(to - from) * 20 * std::sqrt(std::max(rx, ry))), 6, 160);
  Path points;
  for (int i = 0; i <= steps; ++i) {
    const float angle = from + (to - from) * static_cast<float>(i) / static_cast<float>(steps);
    points.push_back(center + Pt{rx * std::cos(angle), ry * std::sin(angle)});
  }
  return points;
}

Path moved(Path path, Pt offset, float angle, float scale) {
  for (Pt& point : path) point = offset + rotate(scale * point, angle);
  return path;
}

Rgb mix(const Rgb& a, const Rgb& b, float t) { return a + t * (b - a); }

Rgb hsv(float hue, float saturation, float value) {
  const auto channel = [&](float offset) {
    const float k = std::fmod(offset + hue / 60 + 12, 6.0f);
    return 255 * value * (1 - saturation * std::clamp(std::min(k, 4 - k), 0.0f, 1.0f));
  };
  return {channel(5), channel(3), channel(1)};
}

Rgb paint(Dice& dice) {
  const float hue = dice.in(0, 360);
  const float saturation = dice.in(0.45f, 0.95f);
  return hsv(hue, saturation, dice.in(0.35f, 0.95f));
}

Rgb metal(Dice& dice) {
  switch (dice.count(0, 4)) {
    case 0:
      return hsv(30, 0.1f, dice.in(0.08f, 0.2f));
    case 1:
      return hsv(42, 0.55f, dice.in(0.55f, 0.8f));  // brass
    case 2:
      return hsv(18, 0.6f, dice.in(0.3f, 0.5f));  // rust
    case 3:
      return hsv(210, 0.05f, dice.in(0.8f, 0.97f));
    default:
      return hsv(210, 0.1f, dice.in(0.3f, 0.7f));
  }
}

Rgb wood(Dice& dice) {
  const float hue = dice.in(16, 34);
  const float saturation = dice.in(0.25f, 0.65f);
  return hsv(hue, saturation, dice.in(0.2f, 0.7f));
}

Rgb green(Dice& dice) {
  const float hue = dice.in(65, 140);
  const float saturation = dice.in(0.4f, 0.85f);
  return hsv(hue, saturation, dice.in(0.25f, 0.7f));
}

}  // namespace hqsam::synth
