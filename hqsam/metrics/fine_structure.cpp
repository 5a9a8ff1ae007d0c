// SPDX-License-Identifier: Apache-2.0
#include "hqsam/metrics/fine_structure.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "hqsam/core/error.h"
#include "hqsam/mask/boundary.h"
#include "hqsam/mask/morphology.h"
#include "hqsam/metrics/iou.h"

namespace hqsam {
namespace {

using Line = std::vector<Pixel>;

template <class Rule>
Mask combine(const Mask& a, const Mask& b, const Rule& rule) {
  Mask out(a.height, a.width);
  for (size_t i = 0; i < out.pixels.size(); ++i) out.pixels[i] = rule(a.pixels[i] != 0, b.pixels[i] != 0);
  return out;
}

Mask both(const Mask& a, const Mask& b) {
  return combine(a, b, [](bool x, bool y) { return x && y; });
}
Mask either(const Mask& a, const Mask& b) {
  return combine(a, b, [](bool x, bool y) { return x || y; });
}
Mask without(const Mask& a, const Mask& b) {
  return combine(a, b, [](bool x, bool y) { return x && !y; });
}

// The false regions wider than a strip along the object's edge: their eroded core, grown back within them.
Mask relaxed(const Mask& wrong, const Mask& core, const Mask& walls, int64_t relax) {
  Mask grown = both(wrong, core);
  for (int64_t i = 0; i < relax; ++i) grown = without(dilate_cross(grown), walls);
  return both(wrong, grown);
}

// Squared distance of p to the line through a and b, times the squared length of a to b.
double squared_area(const Pixel& p, const Pixel& a, const Pixel& b) {
  const auto area = static_cast<double>((b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x));
  return area * area;
}
double squared_length(const Pixel& a, const Pixel& b) {
  return static_cast<double>((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y));
}

// The polyline through some of the line's points, including both ends, that stays within tolerance (Ramer 1972; Douglas
// and Peucker 1973).
Line polygon_of(const Line& line, double tolerance) {
  std::vector<size_t> corners = {0};
  std::vector<std::pair<size_t, size_t>> spans = {{0, line.size() - 1}};  // the first in the line on top
  while (!spans.empty()) {
    const auto [first, last] = spans.back();
    spans.pop_back();
    size_t farthest = first;
    double most = 0;
    for (size_t i = first + 1; i < last; ++i) {
      const double area = squared_area(line[i], line[first], line[last]);
      if (area > most) most = area, farthest = i;
    }
    if (most <= tolerance * tolerance * squared_length(line[first], line[last])) {
      if (last > first) corners.push_back(last);
      continue;
    }
    spans.push_back({farthest, last});
    spans.push_back({first, farthest});
  }
  Line polygon;
  for (const size_t corner : corners) polygon.push_back(line[corner]);
  return polygon;
}

// Whether b lies between a and c and nearly on the line through them, which must be slanted.
bool almost_straight(const Pixel& a, const Pixel& b, const Pixel& c, double tolerance) {
  const bool slanting = a.x != c.x && a.y != c.y;
  const bool between = (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y) >= 0;
  return slanting && between && squared_area(b, a, c) <= 0.5 * tolerance * tolerance * squared_length(a, c);
}

// The polygon's corners as OpenCV's approxPolyDP leaves them: almost straight ones are removed, but never two in a row.
int64_t corners(const Line& line, double tolerance) {
  const Line polygon = polygon_of(line, tolerance);
  auto left = static_cast<int64_t>(polygon.size());
  for (size_t before = 0, at = 1; at + 1 < polygon.size() && left > 2;) {
    const bool drop = almost_straight(polygon[before], polygon[at], polygon[at + 1], tolerance);
    left -= drop;
    before = drop ? at + 1 : at;
    at = before + 1;
  }
  return left;
}

bool neighbours(const Pixel& a, const Pixel& b) { return std::max(std::abs(a.x - b.x), std::abs(a.y - b.y)) == 1; }

// The pieces of a border on `near` pixels that were not visited before.
std::vector<Line> pieces_of(const Line& border, const Mask& near, Mask& visited) {
  std::vector<Line> pieces;
  bool open = false;
  for (const Pixel& pixel : border) {
    if (near.at(pixel.y, pixel.x) == 0 || visited.at(pixel.y, pixel.x) != 0) {
      open = false;
      continue;
    }
    visited.at(pixel.y, pixel.x) = 1;
    if (!open) pieces.emplace_back();
    pieces.back().push_back(pixel);
    open = true;
  }
  if (pieces.size() > 1 && neighbours(pieces.front().front(), pieces.back().back())) {
    // A piece that spans the start. Its second part is appended in reverse, as in the published evaluation.
    pieces.back().insert(pieces.back().end(), pieces.front().rbegin(), pieces.front().rend());
    pieces.erase(pieces.begin());
  }
  return pieces;
}

// A region's outer border, then those of its holes from the last to the first, since a pixel on two borders belongs to
// the one that comes first: OpenCV's order.
std::vector<Line> ordered_borders(const Mask& mask, const Components& regions) {
  std::vector<Line> outer, holes;
  std::vector<bool> seen(static_cast<size_t>(regions.count) + 1, false);
  for (Line& border : contours(mask)) {
    const auto region = static_cast<size_t>(regions.label[border.front().y * mask.width + border.front().x]);
    (seen[region] ? holes : outer).push_back(std::move(border));
    seen[region] = true;
  }
  std::move(holes.rbegin(), holes.rend(), std::back_inserter(outer));
  return outer;
}

// Efforts on false regions that touch `right` here and there.
CorrectionEfforts efforts(const Mask& wrong, const Mask& right, double tolerance) {
  const Components regions = components(wrong);
  const Mask near = dilate_cross(right);
  Mask visited(wrong.height, wrong.width);
  std::vector<bool> alone(static_cast<size_t>(regions.count) + 1, true);
  CorrectionEfforts sum;
  for (const Line& border : ordered_borders(wrong, regions)) {
    for (const Line& piece : pieces_of(border, near, visited)) {
      for (const Pixel& pixel : piece) alone[regions.label[pixel.y * wrong.width + pixel.x]] = false;
      sum.points += corners(piece, tolerance);
    }
  }
  sum.regions = std::count(alone.begin() + 1, alone.end(), true);
  return sum;
}

}  // namespace

std::optional<double> thin_iou(const Mask& prediction, const Mask& truth, double thickness) {
  check_sizes("thin_iou", prediction, truth);
  const int64_t radius = boundary_width(truth.size(), thickness);
  const Mask thin = without(truth, dilate_square(erode_square(truth, radius), radius));
  if (area(thin) == 0) return std::nullopt;
  const Mask around = dilate_square(thin, radius);
  return mask_iou(both(prediction, around), both(truth, around));
}

CorrectionEfforts human_correction_efforts(const Mask& prediction, const Mask& truth, int64_t relax, double tolerance) {
  check_sizes("human_correction_efforts", prediction, truth);
  if (relax < 0 || !(tolerance >= 0)) {
    fail("human_correction_efforts", "relax and tolerance are at least 0, got {} and {}", relax, tolerance);
  }
  const Mask right = both(prediction, truth), extra = without(prediction, truth), missed = without(truth, prediction);
  const Mask core = erode_cross(either(prediction, truth), relax);
  const Mask false_positive = relaxed(extra, core, either(right, missed), relax);
  const Mask bones = skeleton(truth);
  const Mask false_negative = either(relaxed(missed, core, either(right, extra), relax), without(bones, right));
  const Mask outside = combine(either(right, false_positive), false_negative, [](bool x, bool y) { return !x && !y; });
  const CorrectionEfforts a = efforts(false_positive, either(right, false_negative), tolerance);
  const CorrectionEfforts b = efforts(false_negative, outside, tolerance);
  return {a.points + b.points, a.regions + b.regions};
}

}  // namespace hqsam
