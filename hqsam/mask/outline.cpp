// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/outline.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "hqsam/core/error.h"
#include "hqsam/mask/outline_rings.h"

namespace hqsam {
namespace {

constexpr double kInset = 0.05;  // pixels

struct Corner {
  int64_t vertex = 0;
  Point inset;  // a little way inside
};

// The inside is on the right of the sides before and after a vertex.
Point inset_point(const Rings& rings, int64_t before, int64_t here, int64_t after) {
  Point point = {static_cast<double>(rings.x0 + rings.x(here)), static_cast<double>(rings.y0 + rings.y(here))};
  for (const auto& [from, to] : {std::pair(before, here), std::pair(here, after)}) {
    const bool along_x = rings.y(from) == rings.y(to);
    if (along_x) {
      point.y = static_cast<double>(rings.y0 + rings.y(here)) + (to > from ? kInset : -kInset);
    } else {
      point.x = static_cast<double>(rings.x0 + rings.x(here)) + (to > from ? -kInset : kInset);
    }
  }
  return point;
}

Point point_of(const Rings& rings, int64_t vertex) {
  return {static_cast<double>(rings.x0 + rings.x(vertex)), static_cast<double>(rings.y0 + rings.y(vertex))};
}

double distance_to_segment(Point p, Point a, Point b) {
  const double dx = b.x - a.x, dy = b.y - a.y, squared = dx * dx + dy * dy;
  const double along = squared == 0 ? 0 : std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / squared, 0.0, 1.0);
  return std::hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

// Marks which of points[first] ... points[last] the Douglas-Peucker rule keeps between the two ends.
void keep_between(const Polygon& points, size_t first, size_t last, double tolerance, std::vector<uint8_t>& keep) {
  std::vector<std::pair<size_t, size_t>> open = {{first, last}};
  while (!open.empty()) {
    const auto [a, b] = open.back();
    open.pop_back();
    size_t farthest = a;
    double distance = tolerance;
    for (size_t i = a + 1; i < b; ++i) {
      const double here = distance_to_segment(points[i], points[a], points[b]);
      if (here > distance) distance = here, farthest = i;
    }
    if (farthest == a) continue;
    keep[farthest] = 1;
    open.push_back({a, farthest});
    open.push_back({farthest, b});
  }
}

double twice_area(const Polygon& polygon) {
  double sum = 0;
  for (size_t i = 0; i < polygon.size(); ++i) {
    const Point &a = polygon[i], &b = polygon[(i + 1) % polygon.size()];
    sum += a.x * b.y - b.x * a.y;
  }
  return std::abs(sum);
}

// Selects the corners of a closed ring to keep; fixed corners are always kept.
std::vector<uint8_t> simplified(const Polygon& ring, const std::vector<uint8_t>& fixed, double tolerance) {
  std::vector<uint8_t> keep = fixed;
  const auto first = static_cast<size_t>(std::find(keep.begin(), keep.end(), 1) - keep.begin()) % ring.size();
  keep[first] = 1;
  if (std::count(keep.begin(), keep.end(), 1) == 1) {
    const auto reach = [&](const Point& p) { return std::hypot(p.x - ring[first].x, p.y - ring[first].y); };
    const auto farthest =
        std::max_element(ring.begin(), ring.end(), [&](Point a, Point b) { return reach(a) < reach(b); });
    keep[farthest - ring.begin()] = 1;
  }
  // The ring is opened at the first kept corner, which is at both ends.
  Polygon open(ring.begin() + static_cast<int64_t>(first), ring.end());
  open.insert(open.end(), ring.begin(), ring.begin() + static_cast<int64_t>(first) + 1);
  std::vector<uint8_t> kept(open.size(), 0);
  size_t last = 0;
  for (size_t i = 1; i < open.size(); ++i) {
    if (keep[(first + i) % ring.size()] == 0) continue;
    keep_between(open, last, i, tolerance, kept);
    last = i;
  }
  for (size_t i = 0; i + 1 < open.size(); ++i) keep[(first + i) % ring.size()] |= kept[i];
  return keep;
}

// Reduces a ring's path to its corners and the vertices where links attach.
std::vector<Corner> corners_of(const Rings& rings, const Ring& ring, double tolerance) {
  std::vector<int64_t> linked;
  for (const RingLink& link : ring.links) linked.push_back(link.vertex);
  std::sort(linked.begin(), linked.end());
  std::vector<Corner> corners;
  std::vector<uint8_t> fixed;
  Polygon points;
  const size_t count = ring.path.size();
  for (size_t i = 0; i < count; ++i) {
    const int64_t before = ring.path[(i + count - 1) % count], here = ring.path[i], after = ring.path[(i + 1) % count];
    const bool held = std::binary_search(linked.begin(), linked.end(), here);
    if (!held && here - before == after - here) continue;
    corners.push_back({here, inset_point(rings, before, here, after)});
    fixed.push_back(held);
    points.push_back(point_of(rings, here));
  }
  if (tolerance == 0) return corners;
  const std::vector<uint8_t> keep = simplified(points, fixed, tolerance);
  std::vector<Corner> fewer;
  Polygon shape;
  for (size_t i = 0; i < corners.size(); ++i) {
    if (keep[i] != 0) fewer.push_back(corners[i]), shape.push_back(points[i]);
  }
  return twice_area(shape) == 0 ? corners : fewer;
}

// Walks a ring and, at each link, visits the other ring and returns: one closed polygon over a tree of rings.
class Tour {
 public:
  Tour(const Rings& rings, double tolerance) {
    for (const Ring& ring : rings.rings) {
      corners_.push_back(corners_of(rings, ring, tolerance));
      links_.emplace_back();
      for (const RingLink& link : ring.links) links_.back()[link.vertex].push_back(link);
    }
  }

  Polygon from(size_t root) {
    Polygon polygon;
    enter(root, corners_[root].front().vertex, root);
    while (!open_.empty()) {
      Stop& stop = open_.back();
      const std::vector<Corner>& corners = corners_[stop.ring];
      const bool closed = stop.done == corners.size();
      const Corner& here = corners[(stop.first + stop.done) % corners.size()];
      if (!closed || open_.size() > 1) polygon.push_back(here.inset);  // again after each linked ring
      if (closed) {
        open_.pop_back();
        continue;
      }
      take_links(stop, here.vertex);
      if (stop.links.empty()) {
        ++stop.done;
        continue;
      }
      const RingLink link = stop.links.back();
      stop.links.pop_back();
      enter(link.ring, link.other, stop.ring);
    }
    return polygon;
  }

 private:
  struct Stop {
    size_t ring = 0, parent = 0;
    size_t first = 0, done = 0;   // corners
    std::vector<RingLink> links;  // not followed yet at the corner
  };

  void enter(size_t ring, int64_t vertex, size_t parent) {
    const auto at = std::find_if(corners_[ring].begin(), corners_[ring].end(),
                                 [&](const Corner& corner) { return corner.vertex == vertex; });
    open_.push_back({ring, parent, static_cast<size_t>(at - corners_[ring].begin()), 0, {}});
  }

  // A vertex that a ring passes twice has its links on the first pass.
  void take_links(Stop& stop, int64_t vertex) {
    const auto at = links_[stop.ring].find(vertex);
    if (at == links_[stop.ring].end()) return;
    for (const RingLink& link : at->second) {
      if (link.ring != stop.parent) stop.links.push_back(link);
    }
    links_[stop.ring].erase(at);
  }

  std::vector<std::vector<Corner>> corners_;
  std::vector<std::unordered_map<int64_t, std::vector<RingLink>>> links_;
  std::vector<Stop> open_;
};

void check_simplify(const char* function, double simplify) {
  if (!(simplify >= 0) || !std::isfinite(simplify)) fail(function, "simplify is pixels, at least 0, got {}", simplify);
}

}  // namespace

std::vector<Outline> outlines(const Mask& mask) {
  const Rings rings = trace_rings(mask);
  std::vector<Outline> found(static_cast<size_t>(rings.regions));
  for (const Ring& ring : rings.rings) {
    Polygon polygon;
    for (const Corner& corner : corners_of(rings, ring, 0)) polygon.push_back(point_of(rings, corner.vertex));
    Outline& outline = found[static_cast<size_t>(ring.region) - 1];
    if (ring.hole) {
      outline.holes.push_back(std::move(polygon));
    } else {
      outline.outer = std::move(polygon);
    }
  }
  return found;
}

std::vector<Polygon> polygons_of_mask(const Mask& mask, double simplify) {
  check_simplify("polygons_of_mask", simplify);
  Rings rings = trace_rings(mask);
  link_holes(rings);
  Tour tour(rings, simplify);
  std::vector<Polygon> polygons;
  for (size_t i = 0; i < rings.rings.size(); ++i) {
    if (!rings.rings[i].hole) polygons.push_back(tour.from(i));
  }
  return polygons;
}

Polygon polygon_of_mask(const Mask& mask, double simplify) {
  check_simplify("polygon_of_mask", simplify);
  Rings rings = trace_rings(mask);
  if (rings.rings.empty()) return {};
  link_holes(rings);
  link_regions(rings);
  return Tour(rings, simplify).from(0);
}

}  // namespace hqsam
