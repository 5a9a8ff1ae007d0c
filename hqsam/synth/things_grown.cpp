// SPDX-License-Identifier: Apache-2.0
// Things that grow.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "hqsam/synth/things.h"

namespace hqsam::synth {
namespace {

constexpr float kTurn = 2 * std::numbers::pi_v<float>;

struct Tree {
  Rgb bark, leaves;
  bool leafy = false;
  float spread = 0.5f, shrink = 0.75f, bend = 0.15f, taper = 0.7f;
  int budget = 500;  // branches at most
};

// A hump over t in 0..1, 0 at both ends; lean below 1 moves its top to the front, a low power makes it blunt.
float hump(float t, float lean, float power) {
  return std::pow(std::max(0.0f, std::sin(0.5f * kTurn * std::pow(t, lean))), power);
}

// A pointed ellipse.
void add_blade(Drawing& drawing, Pt from, Pt to, float width, Rgb color) {
  const Pt along = to - from, across{-width * along.y, width * along.x};
  Path outline;
  for (int i = 0; i <= 20; ++i) {
    const float t = static_cast<float>(i <= 10 ? i : 20 - i) / 10;
    const float side = (i <= 10 ? 1.0f : -1.0f) * hump(t, 0.8f, 1);
    outline.push_back(from + t * along + side * across);
  }
  drawing.fill(outline, color);
}

void grow(Drawing& drawing, Dice& dice, Tree& tree, Pt from, float angle, float length, float width, int depth) {
  if (tree.budget-- <= 0) return;
  const float turn = dice.in(-tree.bend, tree.bend);
  const Pt middle = from + polar(0.5f * length, angle);
  const Pt to = middle + polar(0.5f * length, angle + 2 * turn);
  const float end_width = std::max(tree.taper * width, 0.009f);
  drawing.taper(spline({from, middle, to}, 6), width, end_width, tree.bark, 0.25f);
  if (depth == 0) {
    for (int i = 0; tree.leafy && i < 3; ++i) {
      const Rgb tone = mix(tree.leaves, {250, 240, 120}, dice.in(0, 0.25f));
      const float way = angle + dice.in(-1.2f, 1.2f);
      add_blade(drawing, to, to + polar(dice.in(0.07f, 0.13f), way), 0.25f, tone);
    }
    return;
  }
  const int children = dice.chance(0.25) ? 3 : 2;
  for (int i = 0; i < children; ++i) {
    const float side = children == 2 ? (i ? 1.0f : -1.0f) : static_cast<float>(i - 1);
    const float way = angle + 2 * turn + side * tree.spread * dice.in(0.5f, 1.2f);
    grow(drawing, dice, tree, to, way, length * tree.shrink * dice.in(0.8f, 1.1f), end_width, depth - 1);
  }
  if (dice.chance(0.4)) {  // a twig along the way
    const float side = dice.sign();
    const float way = angle + side * dice.in(0.5f, 1.0f);
    grow(drawing, dice, tree, middle, way, 0.5f * length, 0.5f * end_width, std::max(0, depth - 2));
  }
}

Rgb leaf_color(Dice& dice) {
  if (dice.chance(0.65)) return green(dice);
  const float hue = dice.in(5, 50);  // autumn
  return hsv(hue, dice.in(0.65f, 0.95f), 0.75f);
}

// A maple-like leaf: pointed lobes around the foot, each with two shoulders and a vein.
void add_lobed_leaf(Drawing& drawing, Dice& dice, Rgb color, Rgb vein) {
  const int lobes = 2 * dice.count(1, 2) + 3;
  const float fan = dice.in(0.72f, 0.85f) * kTurn, notch = dice.in(0.35f, 0.5f), slim = dice.in(0.2f, 0.32f);
  Path outline{{0, 0}}, veins;
  for (int i = 0; i < lobes; ++i) {
    const float t = static_cast<float>(i) / static_cast<float>(lobes - 1) - 0.5f;  // the middle lobe is at 0
    const float angle = -0.25f * kTurn + fan * t, step = fan / static_cast<float>(lobes - 1);
    const float size = (1 - 0.5f * std::abs(2 * t)) * dice.in(0.92f, 1.08f);
    const float low = std::max(notch * size, 0.22f);
    if (i == 0) outline.push_back(polar(0.8f * low, angle - 0.5f * step));
    for (const float side : {-1.0f, 1.0f}) {
      const Path half{polar(0.72f * size, angle + side * slim), polar(0.78f * size, angle + side * 0.5f * slim)};
      if (side < 0) outline.insert(outline.end(), {half[0], half[1], polar(size, angle)});
      if (side > 0) outline.insert(outline.end(), {half[1], half[0]});
    }
    outline.push_back(polar(low, angle + 0.5f * step));
    veins.push_back(polar(0.86f * size, angle));
  }
  drawing.fill(outline, color);
  for (Pt tip : veins) drawing.taper({{0, 0}, tip}, 0.024f, 0.008f, vein, 0.1f);
}

void add_spider(Drawing& drawing, Dice& dice, Rgb color) {
  const float reach = dice.in(0.7f, 1.0f), width = dice.in(0.02f, 0.04f);
  for (int i = 0; i < 4; ++i) {
    const float angle = -0.9f + 0.6f * static_cast<float>(i) + dice.in(-0.1f, 0.1f);
    for (const float side : {-1.0f, 1.0f}) {
      const auto flip = [&](Pt p) { return Pt{side * p.x, p.y}; };
      const Pt knee = polar(0.5f * reach, angle - 0.15f), foot = polar(reach, angle + (i < 2 ? -0.25f : 0.35f));
      drawing.taper(spline({{0, 0}, flip(knee), flip(lerp(knee, foot, 0.6f) + Pt{0.05f, 0}), flip(foot)}), width,
                    0.35f * width, color);
    }
  }
  drawing.fill(arc({0, 0.27f}, 0.2f, 0.26f, 0, kTurn), color);
  drawing.disc({0, -0.06f}, 0.13f, mix(color, {90, 70, 50}, 0.3f));
  drawing.fill(arc({0, 0.27f}, 0.06f, 0.16f, 0, kTurn), mix(color, {230, 190, 110}, 0.5f));
}

void add_wing(Drawing& drawing, Pt root, Pt tip, float width, Rgb cloth, Rgb vein) {
  const Pt along = tip - root, across{-width * along.y, width * along.x};
  const auto at = [&](float t, float side) { return root + t * along + side * hump(t, 1.4f, 0.6f) * across; };
  Path outline;
  for (int i = 0; i <= 40; ++i)
    outline.push_back(i <= 20 ? at(static_cast<float>(i) / 20.0f, 1) : at(static_cast<float>(40 - i) / 20.0f, -0.6f));
  drawing.fill(outline, cloth);
  drawing.stroke(outline, 0.014f, vein, 0);
  for (const float side : {-0.2f, 0.2f, 0.6f}) {
    Path line;
    for (int i = 0; i <= 18; ++i) line.push_back(at(static_cast<float>(i) / 20.0f, side));
    drawing.stroke(line, 0.009f, vein, 0);
  }
  for (int i = 5; i < 19; i += 2) {
    const float t = static_cast<float>(i) / 20.0f;
    drawing.stroke({at(t, -0.5f), at(t + 0.02f, 0.9f)}, 0.006f, vein, 0);
  }
}

void add_dragonfly(Drawing& drawing, Dice& dice, Rgb color) {
  const Rgb cloth = mix(paint(dice), {235, 240, 245}, 0.75f), vein = mix(color, {20, 20, 20}, 0.6f);
  const float length = dice.in(0.75f, 0.95f), lift = dice.in(0.05f, 0.3f);
  for (const float side : {-1.0f, 1.0f}) {
    add_wing(drawing, {side * 0.06f, -0.3f}, {side * length, -0.42f - lift}, 0.13f, cloth, vein);
    add_wing(drawing, {side * 0.06f, -0.2f}, {side * 0.9f * length, 0.05f - 0.3f * lift}, 0.16f, cloth, vein);
    for (int leg = 0; leg < 3; ++leg) {
      const float y = -0.38f + 0.1f * static_cast<float>(leg);
      drawing.taper({{0, y}, {side * 0.16f, y - 0.1f}, {side * 0.24f, y + 0.02f}}, 0.016f, 0.008f, vein, 0);
    }
    drawing.taper({{side * 0.03f, -0.52f}, {side * 0.1f, -0.66f}}, 0.012f, 0.008f, vein, 0);
  }
  drawing.fill(arc({0, -0.27f}, 0.085f, 0.16f, 0, kTurn), color);
  for (int i = 0; i < 7; ++i) {
    const float y = -0.1f + 0.13f * static_cast<float>(i);
    drawing.taper({{0, y}, {0, y + 0.115f}}, 0.07f, 0.055f, i % 2 ? color : mix(color, {255, 255, 255}, 0.25f), 0.6f);
  }
  for (const float side : {-1.0f, 1.0f}) drawing.disc({side * 0.05f, -0.46f}, 0.065f, mix(color, {120, 20, 20}, 0.5f));
}

}  // namespace

Drawing branch(Dice& dice) {
  Drawing drawing{"branch", {}};
  Tree tree;
  tree.bark = wood(dice);
  tree.leaves = leaf_color(dice);
  tree.leafy = dice.chance(0.45);
  tree.spread = dice.in(0.35f, 0.65f);
  tree.shrink = dice.in(0.68f, 0.82f);
  tree.bend = dice.in(0.1f, 0.3f);
  const float width = dice.in(0.06f, 0.14f);
  const int depth = dice.count(4, 6);
  grow(drawing, dice, tree, {0, 1}, -0.25f * kTurn, 0.55f, width, depth);
  return drawing;
}

Drawing leaf(Dice& dice) {
  Drawing drawing{"leaf", {}};
  const Rgb color = leaf_color(dice), vein = mix(color, dice.chance(0.7) ? Rgb(250, 245, 190) : Rgb(40, 30, 10), 0.45f);
  const float bow = dice.in(-0.3f, 0.3f), stem = dice.in(0.3f, 0.6f);
  if (dice.chance(0.35)) {
    add_lobed_leaf(drawing, dice, color, vein);
    drawing.taper(spline({{0, 0}, {0.5f * bow, 0.6f * stem}, {bow, 1.4f * stem}}), 0.035f, 0.022f, vein);
    return drawing;
  }
  const bool skeleton = dice.chance(0.25);  // veins alone
  const float width = dice.in(0.3f, 0.5f), power = dice.in(0.7f, 1.0f);
  const int teeth = dice.count(0, 22), side_veins = dice.count(6, 12);
  const float tooth = dice.in(0.04f, 0.12f);
  const auto rib = [&](float t) { return Pt{bow * std::sin(0.5f * kTurn * t), 0.7f - 1.6f * t}; };
  const auto edge = [&](float t, float side) {
    const float phase = static_cast<float>(teeth) * t;
    const float serration = teeth > 0 ? 1 + tooth * (phase - std::floor(phase) - 0.5f) : 1;
    return rib(t) + Pt{side * width * hump(t, power, 0.85f) * serration, 0};
  };
  Path outline, midrib;
  for (int i = 0; i <= 150; ++i) outline.push_back(edge(static_cast<float>(i) / 150, 1));
  for (int i = 150; i >= 0; --i) outline.push_back(edge(static_cast<float>(i) / 150, -1));
  for (int i = 0; i <= 24; ++i) midrib.push_back(rib(static_cast<float>(i) / 24));
  if (skeleton) {
    drawing.stroke(outline, 0.014f, color, 0.1f);
  } else {
    drawing.fill(outline, color);
  }
  for (int i = 1; i < side_veins; ++i) {
    const float t = static_cast<float>(i) / static_cast<float>(side_veins);
    for (const float side : {-1.0f, 1.0f}) {
      const Pt end = lerp(rib(std::min(1.0f, t + 0.12f)), edge(std::min(1.0f, t + 0.12f), side), 0.94f);
      drawing.taper(spline({rib(t), lerp(rib(t), end, 0.5f) + Pt{0, 0.03f}, end}, 5), 0.016f, skeleton ? 0.01f : 0.005f,
                    skeleton ? color : vein, 0.1f);
    }
  }
  drawing.taper(midrib, 0.035f, 0.01f, skeleton ? color : vein, 0.3f);
  drawing.taper(spline({rib(0), rib(0) + Pt{-0.3f * bow, 0.5f * stem}, rib(0) + Pt{-bow, stem}}), 0.035f, 0.028f, vein);
  return drawing;
}

Drawing fern(Dice& dice) {
  Drawing drawing{"fern", {}};
  const Rgb color = green(dice), stem = mix(color, {90, 70, 40}, 0.5f);
  const float bow = dice.in(-0.5f, 0.5f), reach = dice.in(0.4f, 0.7f), droop = dice.in(0.2f, 0.7f);
  const Path rib = spline({{0, 1}, {0.1f * bow, 0.4f}, {0.4f * bow, -0.3f}, {bow, -0.9f}}, 14);
  const int n = static_cast<int>(rib.size());
  const bool feathered = dice.chance(0.65);  // leaflets along each side frond
  for (int i = 6; i + 1 < n; i += 2) {
    const float t = static_cast<float>(i) / static_cast<float>(n);
    const Pt along = rib[i + 1] - rib[i - 1];
    const float angle = std::atan2(along.y, along.x), length = reach * hump(0.25f + 0.75f * t, 1, 0.8f);
    for (const float side : {-1.0f, 1.0f}) {
      const Pt tip = rib[i] + polar(length, angle + side * (1.25f - droop * t));
      const Rgb tone = mix(color, {230, 240, 140}, dice.in(0, 0.25f));
      if (!feathered) {
        add_blade(drawing, rib[i], tip, 0.1f, tone);
        continue;
      }
      drawing.taper({rib[i], tip}, 0.012f, 0.008f, tone, 0.1f);
      for (int leaflet = 1; leaflet <= 7; ++leaflet) {
        const float along_frond = static_cast<float>(leaflet) / 8;
        const Pt at = lerp(rib[i], tip, along_frond);
        for (const float edge : {-1.0f, 1.0f}) {
          const Pt way = rotate((tip - rib[i]) * (0.26f * (1.05f - along_frond)), edge * 0.95f);
          add_blade(drawing, at, at + way, 0.24f, tone);
        }
      }
    }
  }
  drawing.taper(rib, 0.035f, 0.01f, stem, 0.3f);
  return drawing;
}

Drawing dandelion(Dice& dice) {
  Drawing drawing{"dandelion", {}};
  const float dry = dice.in(0, 0.5f);
  const Rgb stem = mix(green(dice), {120, 90, 60}, dry);
  const Rgb hair = dice.chance(0.6) ? Rgb(238, 236, 228) : paint(dice);
  const int heads = dice.count(1, 3);
  for (int i = 0; i < heads; ++i) {
    const Pt at{heads == 1 ? 0.0f : -0.55f + 0.55f * static_cast<float>(2 * i) / static_cast<float>(heads - 1),
                dice.in(-0.55f, -0.2f)};
    const Pt foot{dice.in(-0.15f, 0.15f), 1};
    drawing.taper(spline({foot, lerp(foot, at, 0.5f) + Pt{dice.in(-0.12f, 0.12f), 0}, at}), 0.03f, 0.022f, stem, 0.3f);
    const float radius = heads == 1 ? dice.in(0.4f, 0.55f) : dice.in(0.25f, 0.38f);
    const int rays = dice.count(24, 60);
    for (int ray = 0; ray < rays; ++ray) {
      const float angle = kTurn * static_cast<float>(ray) / static_cast<float>(rays) + dice.in(-0.06f, 0.06f);
      const float length = radius * dice.in(0.75f, 1.05f);
      const Pt tip = at + polar(length, angle);
      drawing.stroke({at, tip}, 0.009f, mix(hair, stem, 0.25f), 0);
      for (const float side : {-0.8f, -0.4f, 0.0f, 0.4f, 0.8f}) {
        drawing.stroke({tip, tip + polar(0.2f * radius, angle + side)}, 0.007f, hair, 0);
      }
    }
    drawing.disc(at, 0.1f * radius + 0.02f, mix(stem, {90, 60, 30}, 0.6f));
  }
  if (dice.chance(0.5)) {
    for (const float side : {-1.0f, 1.0f})
      add_blade(drawing, {0, 0.98f}, {side * 0.55f, dice.in(0.4f, 0.75f)}, 0.13f, stem);
  }
  return drawing;
}

Drawing insect(Dice& dice) {
  Drawing drawing{"insect", {}};
  if (dice.chance(0.45)) {
    const float hue = dice.in(15, 40);
    add_spider(drawing, dice, hsv(hue, 0.5f, dice.in(0.12f, 0.45f)));
  } else {
    add_dragonfly(drawing, dice, paint(dice));
  }
  return drawing;
}

}  // namespace hqsam::synth
