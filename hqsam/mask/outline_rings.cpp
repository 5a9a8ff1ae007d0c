// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/outline_rings.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include "hqsam/mask/morphology.h"

namespace hqsam {
namespace {

// Right, down, left, up on the screen.
constexpr std::array<int64_t, 4> kStepX = {1, 0, -1, 0}, kStepY = {0, 1, 0, -1};
// From a vertex, the pixels ahead on the left and on the right hand of each direction.
constexpr std::array<int64_t, 4> kLeftX = {0, 0, -1, -1}, kLeftY = {-1, 0, 0, -1};
constexpr std::array<int64_t, 4> kRightX = {0, -1, -1, 0}, kRightY = {0, 0, -1, -1};

Mask cut(const Mask& mask, int64_t x0, int64_t y0, Size size) {
  Mask part(size.height, size.width);
  for (int64_t y = 0; y < size.height; ++y) {
    const uint8_t* row = mask.pixels.data() + (y0 + y) * mask.width + x0;
    std::copy(row, row + size.width, part.pixels.data() + y * size.width);
  }
  return part;
}

class Tracer {
 public:
  explicit Tracer(Rings& rings)
      : rings_(rings), seen_(static_cast<size_t>((rings.size.height + 1) * rings.size.width), 0) {}

  void run() {
    for (int64_t y = 0; y <= rings_.size.height; ++y) {
      for (int64_t x = 0; x < rings_.size.width; ++x) {
        const int32_t above = region(y - 1, x), below = region(y, x);
        if ((above != 0) == (below != 0) || seen_[y * rings_.size.width + x] != 0) continue;
        // A ring starts at its uppermost side: the inside lies below it for an outer ring and above it for a hole.
        if (below != 0) {
          follow(y, x, 0, below);
        } else {
          follow(y, x + 1, 2, above);
        }
      }
    }
  }

 private:
  int32_t region(int64_t y, int64_t x) const {
    const bool within = y >= 0 && x >= 0 && y < rings_.size.height && x < rings_.size.width;
    return within ? rings_.region_of_pixel[y * rings_.size.width + x] : 0;
  }

  void follow(int64_t y, int64_t x, size_t direction, int32_t region_inside) {
    const int64_t first_y = y, first_x = x;
    const size_t first_direction = direction;
    Ring ring;
    ring.hole = direction == 2;
    ring.region = region_inside;
    do {
      ring.path.push_back(rings_.vertex(y, x));
      rings_.ring_of_vertex[ring.path.back()] = static_cast<int32_t>(rings_.rings.size());
      if (direction == 0) seen_[y * rings_.size.width + x] = 1;
      if (direction == 2) seen_[y * rings_.size.width + x - 1] = 1;
      y += kStepY[direction], x += kStepX[direction];
      if (region(y + kLeftY[direction], x + kLeftX[direction]) != 0) {
        direction = (direction + 3) % 4;  // also where pixels touch at their corners alone
      } else if (region(y + kRightY[direction], x + kRightX[direction]) == 0) {
        direction = (direction + 1) % 4;
      }
    } while (y != first_y || x != first_x || direction != first_direction);
    rings_.rings.push_back(std::move(ring));
  }

  Rings& rings_;
  std::vector<uint8_t> seen_;  // horizontal sides
};

size_t ring_at(const Rings& rings, int64_t vertex) { return static_cast<size_t>(rings.ring_of_vertex[vertex]); }

void link(Rings& rings, size_t ring_a, int64_t a, int64_t b) {
  const size_t ring_b = ring_at(rings, b);
  rings.rings[ring_a].links.push_back({a, ring_b, b});
  rings.rings[ring_b].links.push_back({b, ring_a, a});
}

// Two pixels of different regions, and the square of their distance.
struct Gap {
  int64_t distance = 0, from = 0, to = 0;
};

// Assigns every pixel to the region that reaches it first in steps to the four neighbours; gaps lie where two such
// areas meet.
std::vector<Gap> find_gaps(const Rings& rings) {
  const int64_t width = rings.size.width, pixels = rings.size.height * width;
  std::vector<int32_t> nearest(static_cast<size_t>(pixels), -1);  // the pixel inside that reached this one
  std::vector<int32_t> queue;
  for (int64_t at = 0; at < pixels; ++at) {
    if (rings.region_of_pixel[at] == 0) continue;
    nearest[at] = static_cast<int32_t>(at);
    queue.push_back(static_cast<int32_t>(at));
  }
  const auto visit_neighbours = [&](int64_t at, const auto& visit) {
    if (at % width > 0) visit(at - 1);
    if (at % width + 1 < width) visit(at + 1);
    if (at >= width) visit(at - width);
    if (at + width < pixels) visit(at + width);
  };
  for (size_t head = 0; head < queue.size(); ++head) {
    visit_neighbours(queue[head], [&](int64_t next) {
      if (nearest[next] >= 0) return;
      nearest[next] = nearest[queue[head]];
      queue.push_back(static_cast<int32_t>(next));
    });
  }
  std::vector<Gap> gaps;
  for (int64_t at = 0; at < pixels; ++at) {
    visit_neighbours(at, [&](int64_t next) {
      const int64_t a = nearest[at], b = nearest[next];
      if (next < at || rings.region_of_pixel[a] == rings.region_of_pixel[b]) return;
      const int64_t dx = a % width - b % width, dy = a / width - b / width;
      gaps.push_back({dx * dx + dy * dy, a, b});
    });
  }
  return gaps;
}

// The corner of pixel `from` that lies on a ring and is nearest to pixel `to`.
int64_t corner_towards(const Rings& rings, int64_t from, int64_t to) {
  const int64_t width = rings.size.width;
  int64_t best = -1, best_distance = 0;
  for (int64_t corner = 0; corner < 4; ++corner) {
    const int64_t x = from % width + corner % 2, y = from / width + corner / 2;
    const int64_t vertex = rings.vertex(y, x);
    if (rings.ring_of_vertex[vertex] < 0) continue;
    const int64_t dx = 2 * x - 2 * (to % width) - 1, dy = 2 * y - 2 * (to / width) - 1;  // to the pixel's middle
    const int64_t distance = dx * dx + dy * dy;
    if (best < 0 || distance < best_distance) best = vertex, best_distance = distance;
  }
  return best;
}

}  // namespace

Rings trace_rings(const Mask& mask) {
  Rings rings;
  const std::optional<Box> box = bounding_box(mask);
  if (!box) return rings;
  rings.x0 = static_cast<int64_t>(box->x0), rings.y0 = static_cast<int64_t>(box->y0);
  rings.size = {static_cast<int64_t>(box->y1) - rings.y0 + 1, static_cast<int64_t>(box->x1) - rings.x0 + 1};
  Components regions = components(cut(mask, rings.x0, rings.y0, rings.size));
  rings.regions = regions.count;
  rings.region_of_pixel = std::move(regions.label);
  rings.ring_of_vertex.assign(static_cast<size_t>((rings.size.height + 1) * (rings.size.width + 1)), -1);
  Tracer(rings).run();
  return rings;
}

void link_holes(Rings& rings) {
  for (size_t i = 0; i < rings.rings.size(); ++i) {
    if (!rings.rings[i].hole) continue;
    // The path begins at the right end of the uppermost, leftmost side. All pixels to the left of that side are inside
    // up to the next ring, which starts further up or further left, so the links cannot form a cycle.
    const int64_t start = rings.rings[i].path.front() - 1;
    int64_t end = start - 1;
    while (rings.ring_of_vertex[end] < 0) --end;
    link(rings, i, start, end);
  }
}

void link_regions(Rings& rings) {
  if (rings.regions < 2) return;
  std::vector<Gap> gaps = find_gaps(rings);
  std::stable_sort(gaps.begin(), gaps.end(), [](const Gap& a, const Gap& b) { return a.distance < b.distance; });
  std::vector<int32_t> parent(static_cast<size_t>(rings.regions) + 1);
  std::iota(parent.begin(), parent.end(), 0);
  const auto root = [&](int32_t region) {
    while (parent[region] != region) region = parent[region] = parent[parent[region]];
    return region;
  };
  for (const Gap& gap : gaps) {
    const int32_t a = root(rings.region_of_pixel[gap.from]), b = root(rings.region_of_pixel[gap.to]);
    if (a == b) continue;
    parent[a] = b;
    const int64_t from = corner_towards(rings, gap.from, gap.to);
    link(rings, ring_at(rings, from), from, corner_towards(rings, gap.to, gap.from));
  }
}

}  // namespace hqsam
