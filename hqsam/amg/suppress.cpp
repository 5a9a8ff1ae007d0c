// SPDX-License-Identifier: Apache-2.0
#include "hqsam/amg/suppress.h"

#include <algorithm>
#include <numeric>

namespace hqsam {
namespace {

std::vector<size_t> best_first(std::span<const double> scores) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  return order;
}

// Takes one after the other, best first, unless it is `same` as one that was taken.
template <class Same>
std::vector<size_t> take_unlike(std::span<const double> scores, const Same& same) {
  std::vector<size_t> taken;
  for (const size_t i : best_first(scores)) {
    if (std::none_of(taken.begin(), taken.end(), [&](size_t j) { return same(i, j); })) taken.push_back(i);
  }
  return taken;
}

struct FloatBox {
  float x0, y0, x1, y1;
  float area() const { return (x1 - x0) * (y1 - y0); }
};

}  // namespace

std::vector<size_t> suppress_boxes(std::span<const Box> boxes, std::span<const double> scores, double most) {
  std::vector<FloatBox> corners;
  for (const Box& box : boxes) {
    corners.push_back({static_cast<float>(box.x0), static_cast<float>(box.y0), static_cast<float>(box.x1),
                       static_cast<float>(box.y1)});
  }
  return take_unlike(scores, [&](size_t i, size_t j) {
    const FloatBox &a = corners[i], &b = corners[j];
    const float width = std::max(0.0F, std::min(a.x1, b.x1) - std::max(a.x0, b.x0));
    const float height = std::max(0.0F, std::min(a.y1, b.y1) - std::max(a.y0, b.y0));
    const float both = width * height;
    return both / (a.area() + b.area() - both) > most;  // of two without an area this is no number, and false
  });
}

int64_t most_in_common(const PackedMask& a, const PackedMask& b) {
  if (!a.box || !b.box) return 0;
  const double width = std::min(a.box->x1, b.box->x1) - std::max(a.box->x0, b.box->x0) + 1;
  const double height = std::min(a.box->y1, b.box->y1) - std::max(a.box->y0, b.box->y0) + 1;
  if (width <= 0 || height <= 0) return 0;
  return std::min({a.area, b.area, static_cast<int64_t>(width * height)});
}

std::vector<size_t> suppress_masks(std::span<const PackedMask* const> masks, std::span<const double> scores,
                                   double most) {
  const auto iou = [](int64_t both, int64_t of_two) {
    return static_cast<double>(both) / static_cast<double>(std::max<int64_t>(of_two - both, 1));
  };
  return take_unlike(scores, [&](size_t i, size_t j) {
    const PackedMask &a = *masks[i], &b = *masks[j];
    const int64_t areas = a.area + b.area, bound = most_in_common(a, b);
    if (iou(bound, areas) <= most) return false;
    return iou(overlap(a, b).intersection, areas) > most;
  });
}

}  // namespace hqsam
