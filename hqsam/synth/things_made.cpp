// SPDX-License-Identifier: Apache-2.0
// Things that people make.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "hqsam/synth/things.h"

namespace hqsam::synth {
namespace {

constexpr float kTurn = 2 * std::numbers::pi_v<float>;

struct WheelStyle {
  int spokes = 24;
  bool tangential = false;  // spokes leave the hub sideways and cross, as on bicycles
  float spoke_width = 0.012f, tire_width = 0.07f, hub = 0.06f;
  Rgb tire, rim, spoke;
};

void add_wheel(Drawing& drawing, Pt center, float radius, const WheelStyle& style, float turn) {
  for (int i = 0; i < style.spokes; ++i) {
    const float angle = turn + kTurn * static_cast<float>(i) / static_cast<float>(style.spokes);
    const float lean = style.tangential ? (i % 2 ? 1.1f : -1.1f) : 0.0f;
    drawing.stroke({center + polar(style.hub * radius, angle + lean), center + polar(0.93f * radius, angle)},
                   style.spoke_width * radius, style.spoke);
  }
  drawing.ring(center, 0.92f * radius, 0.05f * radius, style.rim, 0.7f);
  drawing.ring(center, radius, style.tire_width * radius, style.tire, 0.2f);
  drawing.disc(center, style.hub * radius, style.rim);
  drawing.disc(center, 0.5f * style.hub * radius, mix(style.rim, {20, 20, 20}, 0.6f));
}

// A bow tie or flag on a string.
void add_bow(Drawing& drawing, Pt at, float angle, float size, Rgb color) {
  drawing.fill({at, at + rotate({size, 0.5f * size}, angle), at + rotate({size, -0.5f * size}, angle)}, color);
  drawing.fill({at, at + rotate({-size, 0.5f * size}, angle), at + rotate({-size, -0.5f * size}, angle)},
               mix(color, {0, 0, 0}, 0.2f));
}

Path coil(Dice& dice, float from, float to) {
  const float turns = dice.in(6, 14), radius = dice.in(0.08f, 0.2f);
  const float sag = dice.in(-0.3f, 0.3f), wave = dice.in(0, 0.2f);
  Path path;
  for (int i = 0; i <= 400; ++i) {
    const float t = static_cast<float>(i) / 400;
    const float phase = kTurn * turns * t;
    path.push_back({from + (to - from) * t + radius * std::sin(phase),
                    sag * 4 * t * (1 - t) + wave * std::sin(5 * t) + radius * std::cos(phase)});
  }
  return path;
}

Path loose_cable(Dice& dice) {
  Path through;
  const int knots = dice.count(4, 8);
  const float swing = dice.in(0.15f, 0.7f);
  for (int i = 0; i < knots; ++i) {
    const float x = -1 + 2 * static_cast<float>(i) / static_cast<float>(knots - 1);
    through.push_back({x + dice.in(-0.25f, 0.25f), dice.in(-swing, swing)});
    if (dice.chance(0.15)) through.push_back({x - dice.in(0.2f, 0.5f), dice.in(-swing, swing)});  // a loop
  }
  return spline(through, 16);
}

void add_plug(Drawing& drawing, const Path& cable, float width, Rgb color) {
  const Pt end = cable.back(), along = end - cable[cable.size() - 4];
  const float angle = std::atan2(along.y, along.x), w = std::clamp(2.6f * width, 0.05f, 0.14f);
  const auto part = [&](float x0, float x1, float half, Rgb part_color) {
    drawing.fill({end + rotate({x0, -half}, angle), end + rotate({x1, -0.8f * half}, angle),
                  end + rotate({x1, 0.8f * half}, angle), end + rotate({x0, half}, angle)},
                 part_color);
  };
  part(-0.2f * w, 2 * w, 0.6f * w, mix(color, {20, 20, 20}, 0.3f));
  for (const float side : {-0.3f, 0.3f}) {
    drawing.stroke({end + rotate({2 * w, side * w}, angle), end + rotate({3 * w, side * w}, angle)}, 0.18f * w,
                   {205, 200, 180}, 0.8f);
  }
}

void barbed_wire(Drawing& drawing, Dice& dice) {
  const Rgb color = metal(dice);
  const float twist = dice.in(12, 24), width = dice.in(0.012f, 0.022f), slope = dice.in(-0.3f, 0.3f);
  for (int row = 0, rows = dice.count(1, 4); row < rows; ++row) {
    const float y = 0.35f * (static_cast<float>(row) - 0.5f * static_cast<float>(rows - 1)) + dice.in(-0.03f, 0.03f);
    const float sag = dice.in(0, 0.12f);
    const auto at = [&](float x) { return Pt{x, y + slope * x + sag * (1 - x * x)}; };
    for (const float side : {-1.0f, 1.0f}) {
      Path strand;
      for (int i = 0; i <= 200; ++i) {
        const float x = -1 + 0.01f * static_cast<float>(i);
        strand.push_back(at(x) + Pt{0, side * 0.8f * width * std::sin(twist * x)});
      }
      drawing.stroke(strand, width, color, 0.5f);
    }
    for (float x = -0.9f; x < 0.95f; x += 0.24f) {
      for (int barb = 0; barb < 4; ++barb) {
        const float length = dice.in(0.05f, 0.09f);
        const Pt tip = polar(length, dice.in(0.3f, 1.2f) + 0.25f * kTurn * static_cast<float>(barb));
        drawing.taper({at(x), at(x) + tip}, width, 0.3f * width, color, 0.5f);
      }
      drawing.stroke({at(x - 0.02f) + Pt{0, -0.02f}, at(x + 0.02f) + Pt{0, 0.02f}}, 1.6f * width, color, 0.5f);
    }
  }
}

}  // namespace

Drawing wires(Dice& dice) {
  Drawing drawing{"wire", {}};
  const int variant = dice.count(0, 3);
  if (variant == 0) {
    barbed_wire(drawing, dice);
    return drawing;
  }
  const float width = dice.in(0.014f, 0.05f);
  for (int i = 0, strands = variant == 1 ? 1 : dice.count(1, 5); i < strands; ++i) {
    const Rgb color = dice.chance(0.3) ? metal(dice) : paint(dice);
    const Path cable = variant == 1 ? coil(dice, -1, 1) : loose_cable(dice);
    const float gloss = dice.in(0.2f, 0.8f);
    drawing.stroke(cable, width * dice.in(0.7f, 1.3f), color, gloss);
    if (dice.chance(0.5)) add_plug(drawing, cable, width, color);
  }
  return drawing;
}

Drawing wheel(Dice& dice) {
  Drawing drawing{"wheel", {}};
  WheelStyle style;
  const bool wagon = dice.chance(0.4);
  style.spokes = wagon ? dice.count(6, 14) : 2 * dice.count(8, 20);
  style.tangential = !wagon && dice.chance(0.7);
  style.spoke_width = wagon ? dice.in(0.03f, 0.07f) : dice.in(0.008f, 0.016f);
  style.tire_width = wagon ? dice.in(0.06f, 0.12f) : dice.in(0.03f, 0.1f);
  style.hub = wagon ? dice.in(0.1f, 0.2f) : dice.in(0.05f, 0.1f);
  style.tire = wagon ? wood(dice) : Rgb(32, 32, 36);
  style.rim = wagon ? mix(style.tire, {40, 30, 20}, 0.4f) : metal(dice);
  style.spoke = wagon ? mix(style.tire, {230, 200, 150}, 0.2f) : metal(dice);
  if (dice.chance(0.3)) style.tire = paint(dice);
  const float turn = dice.in(0, kTurn);
  if (wagon && dice.chance(0.35)) {  // a ship's: handles beyond the rim
    for (int i = 0; i < style.spokes; ++i) {
      const float angle = turn + kTurn * static_cast<float>(i) / static_cast<float>(style.spokes);
      drawing.taper({polar(0.95f, angle), polar(1.3f, angle)}, 0.06f, 0.09f, style.spoke, 0.4f);
    }
  }
  add_wheel(drawing, {0, 0}, 1, style, turn);
  if (dice.chance(0.3)) {
    const float radius = dice.in(0.4f, 0.65f);
    drawing.ring({0, 0}, radius, dice.in(0.02f, 0.05f), style.spoke);
  }
  return drawing;
}

Drawing bicycle(Dice& dice) {
  Drawing drawing{"bicycle", {}};
  WheelStyle style;
  style.spokes = 2 * dice.count(8, 14);
  style.tangential = dice.chance(0.7);
  style.spoke_width = 0.014f;
  style.tire_width = dice.in(0.05f, 0.11f);
  style.tire = {30, 30, 34};
  style.rim = metal(dice);
  style.spoke = mix(metal(dice), {200, 200, 205}, 0.5f);
  const Rgb frame = paint(dice), dark = {35, 32, 32};
  const float radius = dice.in(0.4f, 0.46f), tube = dice.in(0.03f, 0.05f);
  const Pt rear{-0.62f, 0.35f}, front{0.66f, 0.35f}, crank{-0.08f, 0.38f};
  const Pt seat{-0.26f, -0.25f + dice.in(-0.05f, 0.05f)}, head{0.46f, -0.28f}, head_low{0.5f, -0.12f};
  add_wheel(drawing, rear, radius, style, dice.in(0, kTurn));
  add_wheel(drawing, front, radius, style, dice.in(0, kTurn));
  drawing.stroke({rear, crank}, 0.7f * tube, frame);
  drawing.stroke({rear, seat}, 0.7f * tube, frame);
  drawing.stroke({crank, seat}, tube, frame);
  const float drop = dice.chance(0.3) ? 0.35f : 0.02f;  // a step-through frame
  drawing.stroke({lerp(seat, crank, drop), head_low + Pt{-0.02f, -0.06f}}, tube, frame);
  drawing.stroke({crank, head_low}, tube, frame);
  drawing.stroke({head, head_low}, 1.2f * tube, frame);
  drawing.stroke(spline({head_low, front + Pt{-0.06f, -0.15f}, front}), 0.8f * tube, frame);
  const Pt post = seat + Pt{-0.05f, -0.16f}, stem = head + Pt{-0.03f, -0.14f};
  drawing.stroke({seat, post}, 0.6f * tube, style.spoke);
  drawing.fill(spline({post + Pt{-0.17f, -0.04f}, post + Pt{-0.05f, -0.05f}, post + Pt{0.15f, -0.02f},
                       post + Pt{0.02f, 0.03f}, post + Pt{-0.15f, 0.04f}, post + Pt{-0.17f, -0.04f}}),
               dark);
  drawing.stroke({head, stem}, 0.6f * tube, style.spoke);
  if (dice.chance(0.5)) {
    drawing.stroke(spline({stem, stem + Pt{0.16f, -0.01f}, stem + Pt{0.2f, 0.12f}, stem + Pt{0.08f, 0.17f}}),
                   0.7f * tube, dark);
  } else {
    drawing.stroke(spline({stem + Pt{0.08f, -0.02f}, stem + Pt{0, -0.03f}, stem + Pt{-0.2f, 0.02f}}), 0.7f * tube,
                   dark);
  }
  drawing.ring(crank, 0.1f, 0.02f, style.spoke);
  const Pt pedal = polar(0.17f, dice.in(0, kTurn));
  drawing.stroke({crank - pedal, crank + pedal}, 0.022f, style.spoke);
  for (const float side : {-1.0f, 1.0f}) {
    drawing.stroke({crank + side * pedal + Pt{-0.06f, 0}, crank + side * pedal + Pt{0.06f, 0}}, 0.03f, dark);
  }
  drawing.stroke({rear + Pt{0, -0.045f}, crank + Pt{0, -0.1f}}, 0.012f, dark);
  drawing.stroke({rear + Pt{0, 0.045f}, crank + Pt{0, 0.1f}}, 0.012f, dark);
  return drawing;
}

Drawing kite(Dice& dice) {
  Drawing drawing{"kite", {}};
  const float half = dice.in(0.28f, 0.42f), up = dice.in(0.3f, 0.45f), down = dice.in(0.55f, 0.8f);
  const Pt top{0, -up}, left{-half, 0}, right{half, 0}, bottom{0, down};
  const Rgb first = paint(dice), second = paint(dice), line = metal(dice);
  const float tilt = dice.in(-0.6f, 0.6f);
  const Pt at{dice.in(-0.3f, 0.3f), -0.6f};
  const auto place = [&](Path path) { return moved(std::move(path), at, tilt); };
  Path line_path{at, at + Pt{dice.in(-0.3f, 0.3f), 0.6f}, at + Pt{dice.in(-0.9f, 0.9f), 1.3f}};
  drawing.stroke(spline(line_path, 20), 0.011f, line, 0);
  drawing.fill(place({top, left, {0, 0}}), first);
  drawing.fill(place({top, right, {0, 0}}), second);
  drawing.fill(place({bottom, left, {0, 0}}), second);
  drawing.fill(place({bottom, right, {0, 0}}), first);
  if (dice.chance(0.5)) {
    const float t = dice.in(0.4f, 0.7f);
    drawing.fill(place({lerp(bottom, left, t), lerp(bottom, right, t), bottom}), paint(dice));
  }
  drawing.stroke(place({top, bottom}), 0.014f, mix(first, {30, 30, 30}, 0.6f));
  drawing.stroke(place({left, right}), 0.014f, mix(first, {30, 30, 30}, 0.6f));
  Path tail{bottom};
  const float drift = dice.in(-0.12f, 0.12f), swing = dice.in(0.06f, 0.16f);
  for (int i = 1; i <= 7; ++i) {
    tail.push_back(bottom +
                   Pt{drift * static_cast<float>(i) + (i % 2 ? swing : -swing), 0.16f * static_cast<float>(i)});
  }
  tail = place(spline(tail));
  drawing.stroke(tail, 0.012f, line, 0);
  const float size = dice.in(0.05f, 0.09f);
  for (size_t i = 8; i + 2 < tail.size(); i += 9) {
    const Pt along = tail[i + 1] - tail[i - 1];
    add_bow(drawing, tail[i], std::atan2(along.y, along.x) + kTurn / 4, size, i % 2 ? first : second);
  }
  return drawing;
}

Drawing umbrella(Dice& dice) {
  Drawing drawing{"umbrella", {}};
  const bool bare = dice.chance(0.25);  // the frame without its cloth
  const int panels = dice.count(4, 8);
  const float height = dice.in(0.4f, 0.7f), scallop = dice.in(0.06f, 0.14f);
  const Rgb first = paint(dice), second = dice.chance(0.5) ? paint(dice) : mix(first, {255, 255, 255}, 0.25f);
  const Rgb steel = metal(dice);
  // Where the rib number i meets the rim: panels narrow to the sides as on a dome.
  const auto rim = [&](int i) {
    return Pt{-std::cos(0.5f * kTurn * static_cast<float>(i) / static_cast<float>(panels)), 0};
  };
  const auto rib = [&](int i) {
    return spline({{0, -height}, {0.62f * rim(i).x, -0.72f * height}, {0.93f * rim(i).x, -0.3f * height}, rim(i)});
  };
  const float shaft = dice.in(0.022f, 0.04f);
  drawing.stroke({{0, -height - 0.12f}, {0, 0.75f}}, shaft, steel, 0.7f);
  drawing.stroke(arc({0.13f, 0.75f}, 0.13f, 0.15f, kTurn / 2, 0), 1.7f * shaft, wood(dice), 0.6f);
  for (int i = 0; i < panels && !bare; ++i) {
    Path panel = rib(i);
    const Pt middle = lerp(rim(i), rim(i + 1), 0.5f) + Pt{0, -scallop};
    const Path edge = spline({rim(i), middle, rim(i + 1)});
    const Path back = rib(i + 1);
    panel.insert(panel.end(), edge.begin(), edge.end());
    panel.insert(panel.end(), back.rbegin(), back.rend());
    drawing.fill(panel, mix(i % 2 ? first : second, {0, 0, 0}, 0.25f * std::abs(rim(i).x)));
  }
  for (int i = 0; i <= panels; ++i) {
    drawing.stroke(rib(i), bare ? 0.02f : 0.012f, bare ? steel : mix(first, {20, 20, 20}, 0.4f));
    drawing.stroke({rim(i), rim(i) + Pt{0, 0.04f}}, 0.016f, steel);
    if (bare) drawing.stroke({{0, 0.1f}, rib(i)[18]}, 0.013f, steel);
  }
  return drawing;
}

Drawing glasses(Dice& dice) {
  Drawing drawing{"glasses", {}};
  const bool round = dice.chance(0.5);
  const float rx = dice.in(0.34f, 0.42f), ry = round ? rx : dice.in(0.24f, 0.34f), gap = dice.in(0.1f, 0.18f);
  const float width = dice.in(0.03f, 0.09f);
  const Rgb color = dice.chance(0.5) ? metal(dice) : paint(dice);
  const float open = dice.in(0.15f, 0.6f), depth = dice.in(0.4f, 0.9f);
  for (const float side : {-1.0f, 1.0f}) {
    const Pt center{side * (rx + gap), 0};
    const Pt hinge = center + Pt{side * rx, -0.35f * ry};
    const Pt bend = hinge + Pt{side * open, -depth};
    drawing.stroke(spline({hinge, lerp(hinge, bend, 0.6f), bend, bend + Pt{side * 0.02f, 0.16f}}), 0.8f * width, color,
                   0.6f);
    Path lens = arc(center, rx, ry, 0, kTurn);
    if (!round) {
      for (Pt& point : lens) {  // squarer
        const Pt from = point - center;
        point = center + (1 + 0.2f * std::abs(from.x * from.y) / (rx * ry)) * from;
      }
    }
    drawing.stroke(lens, width, color, 0.7f);
  }
  drawing.stroke(arc({0, 0.02f}, gap + 0.02f, 0.12f, kTurn / 2, kTurn), width, color, 0.7f);
  return drawing;
}

}  // namespace hqsam::synth
