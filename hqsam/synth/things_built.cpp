// SPDX-License-Identifier: Apache-2.0
// Things of bars and planks: fences, pylons, chairs.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "hqsam/synth/things.h"

namespace hqsam::synth {
namespace {

constexpr float kTurn = 2 * std::numbers::pi_v<float>;

void picket_fence(Drawing& drawing, Dice& dice) {
  const Rgb color = dice.chance(0.5) ? Rgb(236, 234, 226) : wood(dice);
  const int pickets = dice.count(6, 12);
  const float step = 2.0f / static_cast<float>(pickets), half = step * dice.in(0.22f, 0.36f);
  const float top = dice.in(-0.75f, -0.5f);
  for (const float y : {-0.35f, 0.4f}) drawing.stroke({{-1, y}, {1, y}}, 0.07f, mix(color, {60, 50, 40}, 0.25f), 0);
  for (int i = 0; i < pickets; ++i) {
    const float x = -1 + step * (static_cast<float>(i) + 0.5f), lean = dice.in(-0.012f, 0.012f);
    const Rgb tone = mix(color, {70, 60, 50}, dice.in(0, 0.18f));
    drawing.fill({{x - half, 0.75f},
                  {x - half + lean, top},
                  {x + lean, top - 1.3f * half},
                  {x + half + lean, top},
                  {x + half, 0.75f}},
                 tone);
  }
}

void iron_fence(Drawing& drawing, Dice& dice) {
  const Rgb color = metal(dice);
  const int bars = dice.count(7, 15);
  const float step = 2.0f / static_cast<float>(bars), width = step * dice.in(0.08f, 0.18f);
  const bool scrolls = dice.chance(0.6);
  for (const float y : {-0.45f, -0.22f, 0.6f}) drawing.stroke({{-1, y}, {1, y}}, 1.3f * width, color);
  for (int i = 0; i < bars; ++i) {
    const float x = -1 + step * (static_cast<float>(i) + 0.5f);
    const float top = -0.62f - (i % 2 ? 0.0f : 0.08f);
    drawing.stroke({{x, top}, {x, 0.75f}}, width, color, 0.6f);
    drawing.fill({{x, top - 0.13f}, {x + 1.3f * width, top - 0.03f}, {x, top + 0.03f}, {x - 1.3f * width, top - 0.03f}},
                 color);
    if (scrolls) drawing.ring({x + 0.5f * step, -0.335f}, 0.4f * std::min(step, 0.22f), 0.7f * width, color);
  }
}

void chain_link(Drawing& drawing, Dice& dice) {
  const Rgb wire = metal(dice), post = dice.chance(0.3) ? paint(dice) : metal(dice);
  const float cell = dice.in(0.12f, 0.24f), width = cell * dice.in(0.07f, 0.13f), low = 0.7f;
  for (float offset = -1 - 2 * low; offset < 1 + 2 * low; offset += cell) {
    for (const float side : {-1.0f, 1.0f}) {
      // The line x = offset + side * y, cut to the panel.
      Path cut;
      for (int i = 0; i <= 60; ++i) {
        const float y = -low + 2 * low * static_cast<float>(i) / 60;
        const float x = offset + side * (y + low);
        if (std::abs(x) <= 1) cut.push_back({x, y + 0.25f * cell * std::sin(kTurn * y / cell) * 0.2f});
      }
      if (cut.size() > 1) drawing.stroke(cut, width, wire, 0.6f);
    }
  }
  for (const float x : {-1.0f, 1.0f}) drawing.stroke({{x, -low - 0.08f}, {x, low + 0.1f}}, 0.06f, post, 0.7f);
  drawing.stroke({{-1, -low}, {1, -low}}, 0.04f, post, 0.7f);
}

void trellis(Drawing& drawing, Dice& dice) {
  const Rgb color = wood(dice);
  const int columns = dice.count(3, 7), rows = dice.count(3, 6);
  const float width = dice.in(0.03f, 0.07f);
  for (int i = 0; i <= rows; ++i) {
    const float y = -0.7f + 1.4f * static_cast<float>(i) / static_cast<float>(rows);
    drawing.stroke({{-1.03f, y}, {1.03f, y}}, width, mix(color, {30, 25, 20}, dice.in(0.1f, 0.3f)), 0);
  }
  const float fan = dice.chance(0.4) ? dice.in(0.3f, 0.6f) : 1.0f;  // narrow at the foot
  for (int i = 0; i <= columns; ++i) {
    const float x = -1 + 2 * static_cast<float>(i) / static_cast<float>(columns);
    drawing.stroke({{x, -0.78f}, {fan * x, 0.95f}}, width, mix(color, {255, 240, 210}, dice.in(0, 0.2f)), 0.1f);
  }
}

void add_crossarm(Drawing& drawing, float y, float half, float reach, float width, Rgb steel, Rgb insulator) {
  for (const float side : {-1.0f, 1.0f}) {
    const Pt tip{side * (half + reach), y};
    drawing.stroke({{side * half, y - 0.08f}, tip}, width, steel);
    drawing.stroke({{side * half, y + 0.02f}, tip}, width, steel);
    drawing.stroke({{side * (half + 0.5f * reach), y - 0.04f}, {side * (half + 0.5f * reach), y + 0.01f}}, width,
                   steel);
    drawing.stroke({tip, tip + Pt{0, 0.09f}}, 0.6f * width, steel);
    for (int bead = 1; bead <= 3; ++bead)
      drawing.disc(tip + Pt{0, 0.035f * static_cast<float>(bead)}, 0.018f, insulator);
  }
}

// A point of the chair's own space (x to the right, y up, z to the back) as a camera at this yaw sees it.
Pt project(float x, float y, float z, float yaw) {
  const float c = std::cos(yaw), s = std::sin(yaw);
  const float side = c * x + s * z, back = c * z - s * x;
  const float distance = 1 / (1 + 0.16f * back);
  return {distance * side, distance * (-y + 0.32f * back)};
}

}  // namespace

Drawing fence(Dice& dice) {
  Drawing drawing{"fence", {}};
  switch (dice.count(0, 3)) {
    case 0:
      picket_fence(drawing, dice);
      break;
    case 1:
      iron_fence(drawing, dice);
      break;
    case 2:
      chain_link(drawing, dice);
      break;
    default:
      trellis(drawing, dice);
  }
  return drawing;
}

Drawing pylon(Dice& dice) {
  Drawing drawing{"pylon", {}};
  const Rgb steel = metal(dice), insulator = paint(dice);
  const float foot = dice.in(0.28f, 0.42f), head = dice.in(0.05f, 0.09f), width = dice.in(0.016f, 0.028f);
  const int levels = dice.count(6, 10);
  // Levels shrink towards the top, as the tower does.
  Path left, right;
  float t = 0;
  for (int i = 0; i <= levels; ++i) {
    const float half = foot + (head - foot) * std::pow(t, 0.75f);
    left.push_back({-half, 1 - 2 * t});
    right.push_back({half, 1 - 2 * t});
    t = 1 - std::pow(1 - static_cast<float>(i + 1) / static_cast<float>(levels), 1.35f);
  }
  for (int i = 0; i < levels; ++i) {
    drawing.stroke({left[i], right[i + 1]}, 0.7f * width, steel);
    drawing.stroke({right[i], left[i + 1]}, 0.7f * width, steel);
    if (i > 0) drawing.stroke({left[i], right[i]}, 0.7f * width, steel);
  }
  drawing.stroke(left, 1.3f * width, steel);
  drawing.stroke(right, 1.3f * width, steel);
  drawing.stroke({left.back(), left.back() + Pt{-left.back().x, -0.12f}, right.back()}, width, steel);
  const int arms = dice.count(1, 3);
  for (int i = 0; i < arms; ++i) {
    const float y = -0.9f + 0.3f * static_cast<float>(i);
    const float reach = dice.in(0.3f, 0.55f);
    add_crossarm(drawing, y, head + 0.02f * static_cast<float>(i), reach, 0.8f * width, steel, insulator);
  }
  return drawing;
}

Drawing chair(Dice& dice) {
  Drawing drawing{"chair", {}};
  const Rgb color = dice.chance(0.6) ? wood(dice) : dice.chance(0.5) ? paint(dice) : metal(dice);
  const float yaw = dice.in(-0.9f, 0.9f), leg = dice.in(0.03f, 0.06f), splay = dice.in(0, 0.12f);
  const float half = dice.in(0.38f, 0.48f), seat = -0.02f, floor = -0.95f, top = dice.in(0.75f, 1.05f);
  const auto at = [&](float x, float y, float z) { return project(x, y, z, yaw); };
  const auto foot = [&](float x, float z) {
    return at(x + splay * (x > 0 ? 1.0f : -1.0f), floor, z + splay * (z > 0 ? 1.0f : -1.0f));
  };
  const Rgb shaded = mix(color, {15, 12, 10}, 0.35f);
  for (const float x : {-half, half}) drawing.taper({at(x, seat, half), foot(x, half)}, leg, 0.7f * leg, shaded, 0.3f);
  for (const float x : {-half, half}) {
    drawing.stroke({at(x, -0.6f, -half), at(x, -0.6f, half)}, 0.6f * leg, shaded, 0.3f);
  }
  drawing.stroke({at(-half, -0.5f, 0), at(half, -0.5f, 0)}, 0.6f * leg, shaded, 0.3f);
  const float lean = dice.in(0.08f, 0.22f);
  const int spindles = dice.count(3, 9);
  const bool ladder = dice.chance(0.35);
  for (int i = 1; i <= spindles; ++i) {
    const float t = static_cast<float>(i) / static_cast<float>(spindles + 1), x = half * (2 * t - 1);
    if (ladder) {
      drawing.stroke({at(-half, t * top, half + lean * t), at(half, t * top, half + lean * t)}, 0.9f * leg, color,
                     0.3f);
    } else {
      drawing.stroke({at(x, seat, half), at(1.05f * x, top, half + lean)}, 0.45f * leg, color, 0.4f);
    }
  }
  for (const float x : {-half, half}) {
    drawing.stroke({at(x, seat, half), at(1.05f * x, top + 0.03f, half + lean)}, leg, color, 0.4f);
  }
  drawing.stroke(spline({at(-1.1f * half, top, half + lean), at(0, top + 0.08f, half + 1.3f * lean),
                         at(1.1f * half, top, half + lean)}),
                 1.7f * leg, color, 0.4f);
  drawing.fill({at(-half, seat, -half), at(half, seat, -half), at(half, seat, half), at(-half, seat, half)},
               mix(color, {255, 235, 210}, 0.12f));
  drawing.stroke({at(-half, seat, -half), at(half, seat, -half)}, 0.06f, mix(color, {20, 15, 10}, 0.15f), 0.2f);
  for (const float x : {-half, half}) drawing.taper({at(x, seat, -half), foot(x, -half)}, leg, 0.7f * leg, color, 0.4f);
  return drawing;
}

}  // namespace hqsam::synth
