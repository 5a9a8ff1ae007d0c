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

void check_sizes(const char* function, const Mask& prediction, const Mask& truth) {
  if (prediction.size() == truth.size()) return;
  fail(function, "expected a prediction of the truth's size {} x {}, got {} x {} (height x width)", truth.height,
       truth.width, prediction.height, prediction.width);
}

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

// The false regions that are more than a strip along the object's edge: their core, grown back within them.
Mask relaxed(const Mask& wrong, const Mask& core, const Mask& walls, int64_t relax) {
  Mask grown = both(wrong, core);
  for (int64_t i = 0; i < relax; ++i) grown = without(dilate_cross(grown), walls);
  return both(wrong, grown);
}

double distance_to_line(const Pixel& p, const Pixel& a, const Pixel& b) {
  const auto dx = static_cast<double>(b.x - a.x), dy = static_cast<double>(b.y - a.y);
  const auto px = static_cast<double>(p.x - a.x), py = static_cast<double>(p.y - a.y);
  const double length = std::hypot(dx, dy);
  return length == 0 ? std::hypot(px, py) : std::abs(dx * py - dy * px) / length;
}

// Corners of the polygon that stays within tolerance of the line, its ends among them (Ramer 1972; Douglas and
// Peucker 1973).
int64_t corners(const Line& line, double tolerance) {
  if (line.size() < 3) return static_cast<int64_t>(line.size());
  int64_t count = 2;
  std::vector<std::pair<size_t, size_t>> spans = {{0, line.size() - 1}};
  while (!spans.empty()) {
    const auto [first, last] = spans.back();
    spans.pop_back();
    size_t farthest = first;
    double most = tolerance;
    for (size_t i = first + 1; i < last; ++i) {
      const double distance = distance_to_line(line[i], line[first], line[last]);
      if (distance > most) most = distance, farthest = i;
    }
    if (farthest == first) continue;
    ++count;
    spans.push_back({first, farthest});
    spans.push_back({farthest, last});
  }
  return count;
}

bool neighbours(const Pixel& a, const Pixel& b) { return std::max(std::abs(a.x - b.x), std::abs(a.y - b.y)) == 1; }

// The pieces of a border that lie on `near` pixels not visited before.
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
  if (pieces.size() > 1 && neighbours(pieces.front().front(), pieces.back().back())) {  // one across the start
    pieces.back().insert(pieces.back().end(), pieces.front().begin(), pieces.front().end());
    pieces.erase(pieces.begin());
  }
  return pieces;
}

// Efforts on false regions that touch `right` here and there.
CorrectionEfforts efforts(const Mask& wrong, const Mask& right, double tolerance) {
  const Components regions = components(wrong);
  const Mask near = dilate_cross(right);
  Mask visited(wrong.height, wrong.width);
  std::vector<bool> alone(static_cast<size_t>(regions.count) + 1, true);
  CorrectionEfforts sum;
  for (const Line& border : contours(wrong)) {
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
