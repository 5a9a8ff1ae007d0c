// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/polygon.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

constexpr int64_t kGrid = 5;               // steps of the outline per pixel
constexpr int64_t kMiddle = kGrid / 2;     // the step at a pixel's middle
constexpr int64_t kMaxSteps = 50'000'000;  // of an object's outlines, so that hostile input ends

struct Step {
  int64_t x = 0, y = 0;  // on the grid
};

Step on_grid(const Point& corner) {
  const auto round = [](double value) { return static_cast<int64_t>(static_cast<double>(kGrid) * value + 0.5); };
  return {round(corner.x), round(corner.y)};
}

int64_t length(Step a, Step b) { return std::max(std::abs(a.x - b.x), std::abs(a.y - b.y)); }

// Calls visit for each step from a to b, both included: one per unit of the longer axis. The other axis is
// interpolated from the end with the lower coordinate, so that an edge is the same steps in both directions.
template <class Visit>
void walk_edge(Step a, Step b, const Visit& visit) {
  const int64_t steps = length(a, b);
  const bool along_x = std::abs(a.x - b.x) >= std::abs(a.y - b.y);
  const bool backwards = along_x ? a.x > b.x : a.y > b.y;
  const Step from = backwards ? b : a, to = backwards ? a : b;
  const int64_t rise = along_x ? to.y - from.y : to.x - from.x;
  const double slope = steps == 0 ? 0.0 : static_cast<double>(rise) / static_cast<double>(steps);
  for (int64_t i = 0; i <= steps; ++i) {
    const int64_t t = backwards ? steps - i : i;
    const double start = static_cast<double>(along_x ? from.y : from.x);
    const auto other = static_cast<int64_t>(start + slope * static_cast<double>(t) + 0.5);
    visit(along_x ? Step{from.x + t, other} : Step{other, from.y + t});
  }
}

// Column-major indices at which the outline turns outside into inside or back; sorted.
class Crossings {
 public:
  explicit Crossings(Size size) : size_(size) {}

  void visit(Step step) {
    if (!first_ && step.x != last_.x) cross(std::min(step.x, last_.x), std::min(step.y, last_.y));
    first_ = false;
    last_ = step;
  }

  std::vector<int64_t> sorted() {
    std::sort(indices_.begin(), indices_.end());
    return std::move(indices_);
  }

 private:
  // The outline passes from grid column x to the next; y is the upper of the two steps.
  void cross(int64_t x, int64_t y) {
    if (x < kMiddle || (x - kMiddle) % kGrid != 0) return;
    const int64_t column = (x - kMiddle) / kGrid;
    if (column >= size_.width) return;
    const int64_t row = y <= kMiddle ? 0 : (y - kMiddle + kGrid - 1) / kGrid;
    indices_.push_back(column * size_.height + std::min(row, size_.height));
  }

  Size size_;
  bool first_ = true;
  Step last_;
  std::vector<int64_t> indices_;
};

// Runs between crossings; two crossings at one place cancel.
Rle rle_of_crossings(const std::vector<int64_t>& crossings, Size size) {
  Rle rle{size, {}};
  std::vector<int64_t> turns;
  for (const int64_t index : crossings) {
    if (!turns.empty() && turns.back() == index) {
      turns.pop_back();
    } else {
      turns.push_back(index);
    }
  }
  const int64_t pixels = size.height * size.width;
  int64_t at = 0;
  for (const int64_t turn : turns) {
    if (turn == pixels) break;
    rle.counts.push_back(static_cast<uint32_t>(turn - at));
    at = turn;
  }
  rle.counts.push_back(static_cast<uint32_t>(pixels - at));
  return rle;
}

void check_polygon(const Polygon& polygon) {
  if (polygon.size() < 3) fail("rle_of_polygon", "a polygon has at least 3 corners, got {}", polygon.size());
  for (const Point& corner : polygon) {
    const bool sane = std::abs(corner.x) <= kMaxPolygonCoordinate && std::abs(corner.y) <= kMaxPolygonCoordinate;
    if (!sane) {  // also where it is not a number
      fail("rle_of_polygon", "a corner is x,y in pixels, at most {} from 0, got {},{}", kMaxPolygonCoordinate, corner.x,
           corner.y);
    }
  }
}

// The steps of a polygon's outline, which is checked.
int64_t outline_length(const Polygon& polygon) {
  check_polygon(polygon);
  int64_t steps = 0;
  Step last = on_grid(polygon.back());
  for (const Point& corner : polygon) {
    const Step step = on_grid(corner);
    steps += length(last, step) + 1;
    last = step;
  }
  return steps;
}

void check_length(int64_t steps) {
  if (steps > kMaxSteps) {
    fail("rle_of_polygon", "outlines of {} steps of a fifth of a pixel; at most {} are allowed", steps, kMaxSteps);
  }
}

// Of a polygon whose outline is checked.
Rle fill_polygon(const Polygon& polygon, Size size) {
  std::vector<Step> corners;
  for (const Point& corner : polygon) corners.push_back(on_grid(corner));
  corners.push_back(corners.front());
  Crossings crossings(size);
  for (size_t i = 1; i < corners.size(); ++i) {
    walk_edge(corners[i - 1], corners[i], [&](Step step) { crossings.visit(step); });
  }
  return rle_of_crossings(crossings.sorted(), size);
}

}  // namespace

Rle rle_of_polygon(const Polygon& polygon, Size size) {
  check_rle_size("rle_of_polygon", size);
  check_length(outline_length(polygon));
  return fill_polygon(polygon, size);
}

Rle rle_of_polygons(std::span<const Polygon> polygons, Size size) {
  check_rle_size("rle_of_polygon", size);
  int64_t steps = 0;
  for (const Polygon& polygon : polygons) check_length(steps += outline_length(polygon));
  std::vector<Rle> parts;
  for (const Polygon& polygon : polygons) parts.push_back(fill_polygon(polygon, size));
  return rle_union(parts, size);
}

}  // namespace hqsam
