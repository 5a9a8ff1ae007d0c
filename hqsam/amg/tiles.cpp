// SPDX-License-Identifier: Apache-2.0
#include "hqsam/amg/tiles.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "hqsam/amg/suppress.h"
#include "hqsam/mask/packed_parts.h"

namespace hqsam {
namespace {

constexpr double kOneThing = 0.6;
constexpr double kNear = 2;  // pixels

// Where the tile of the part that begins at `begin` lies on an axis.
std::pair<int64_t, int64_t> tile_span(int64_t begin, int64_t side, int64_t length) {
  const int64_t first = std::clamp<int64_t>(begin - side / 4, 0, std::max<int64_t>(length - side, 0));
  return {first, std::min(first + side, length)};
}

std::vector<GridPoint> points_of(const Crop& part, const Crop& tile, int64_t side, int64_t points_per_side) {
  const double step = static_cast<double>(side) / static_cast<double>(points_per_side);
  const auto first = [&](int64_t begin) {  // of the grid, in the part
    return static_cast<int64_t>(std::ceil(static_cast<double>(begin) / step - 0.5));
  };
  const auto place = [&](int64_t number) { return (static_cast<double>(number) + 0.5) * step; };
  std::vector<GridPoint> points;
  for (int64_t row = first(part.y0); place(row) < static_cast<double>(part.y1); ++row) {
    for (int64_t column = first(part.x0); place(column) < static_cast<double>(part.x1); ++column) {
      points.push_back({{place(column) - static_cast<double>(tile.x0), place(row) - static_cast<double>(tile.y0)},
                        round_of(row, column)});
    }
  }
  return points;
}

PixelBox pixels_of(const Crop& crop) { return {crop.x0, crop.y0, crop.x1, crop.y1}; }

// Whether the mask may go on beyond its tile.
bool is_cut(const FoundMask& found) {
  const Crop& crop = found.crop;
  const Box& box = *found.mask.box;
  const auto at = [](double side, int64_t edge) { return std::abs(side - static_cast<double>(edge)) <= kNear; };
  const Size picture = found.mask.size;
  return (crop.x0 > 0 && at(box.x0, crop.x0)) || (crop.y0 > 0 && at(box.y0, crop.y0)) ||
         (crop.x1 < picture.width && at(box.x1, crop.x1 - 1)) || (crop.y1 < picture.height && at(box.y1, crop.y1 - 1));
}

// How alike two masks are in what both tiles see.
double likeness(const FoundMask& a, const FoundMask& b) {
  if (most_in_common(a.mask, b.mask) == 0) return 0;
  const PixelBox seen = common_part(pixels_of(a.crop), pixels_of(b.crop));
  const int64_t both = overlap(a.mask, b.mask).intersection;  // each lies within its own tile
  const int64_t either = area_within(a.mask, seen) + area_within(b.mask, seen) - both;
  return either > 0 ? static_cast<double>(both) / static_cast<double>(either) : 0;
}

class TileMerge {
 public:
  explicit TileMerge(std::vector<FoundMask> masks) : masks_(std::move(masks)), group_(masks_.size()) {
    std::iota(group_.begin(), group_.end(), size_t{0});
    for (size_t i = 0; i < masks_.size(); ++i) {
      cut_.push_back(is_cut(masks_[i]));
      const Crop& crop = masks_[i].crop;
      by_tile_[{crop.y0, crop.x0}].push_back(i);
    }
  }

  std::vector<FoundMask> run() {
    for (auto a = by_tile_.begin(); a != by_tile_.end(); ++a) {
      for (auto b = std::next(a); b != by_tile_.end(); ++b) {
        const PixelBox seen =
            common_part(pixels_of(masks_[a->second.front()].crop), pixels_of(masks_[b->second.front()].crop));
        if (!seen.empty()) join(a->second, b->second);
      }
    }
    return groups();
  }

 private:
  using Numbers = std::vector<size_t>;

  void join(const Numbers& a, const Numbers& b) {
    std::vector<size_t> best_of_a(a.size(), b.size()), best_of_b(b.size(), a.size());
    std::vector<double> most_of_a(a.size(), kOneThing), most_of_b(b.size(), kOneThing);
    for (size_t i = 0; i < a.size(); ++i) {
      for (size_t j = 0; j < b.size(); ++j) {
        const double like = likeness(masks_[a[i]], masks_[b[j]]);
        if (like > most_of_a[i]) most_of_a[i] = like, best_of_a[i] = j;
        if (like > most_of_b[j]) most_of_b[j] = like, best_of_b[j] = i;
      }
    }
    for (size_t i = 0; i < a.size(); ++i) {
      const size_t j = best_of_a[i];
      if (j == b.size() || best_of_b[j] != i || (!cut_[a[i]] && !cut_[b[j]])) continue;
      group_[find(b[j])] = find(a[i]);
    }
  }

  size_t find(size_t i) {
    while (group_[i] != i) i = group_[i] = group_[group_[i]];
    return i;
  }

  std::vector<FoundMask> groups() {
    std::map<size_t, Numbers> members;  // by the first of each
    std::map<size_t, size_t> first;
    for (size_t i = 0; i < masks_.size(); ++i) members[first.try_emplace(find(i), i).first->second].push_back(i);
    std::vector<FoundMask> merged;
    for (auto& [number, own] : members) {
      const bool some_whole = std::any_of(own.begin(), own.end(), [&](size_t i) { return !cut_[i]; });
      if (some_whole) std::erase_if(own, [&](size_t i) { return cut_[i]; });
      if (some_whole) {  // suppression chooses among them
        for (const size_t i : own) merged.push_back(std::move(masks_[i]));
      } else {
        merged.push_back(one_of(own));
      }
    }
    return merged;
  }

  // Scores and point are the best one's.
  FoundMask one_of(const Numbers& own) {
    const size_t best = *std::max_element(
        own.begin(), own.end(), [&](size_t a, size_t b) { return masks_[a].predicted_iou < masks_[b].predicted_iou; });
    FoundMask one = masks_[best];
    for (const size_t i : own) one.mask = united(one.mask, masks_[i].mask);
    return one;
  }

  std::vector<FoundMask> masks_;
  std::vector<bool> cut_;
  std::vector<size_t> group_;  // trees: each mask's parent
  std::map<std::pair<int64_t, int64_t>, Numbers> by_tile_;
};

}  // namespace

std::vector<Tile> tiles_of(Size picture, int64_t side, int64_t points_per_side) {
  std::vector<Tile> tiles;
  const int64_t half = side / 2;
  for (int64_t y = 0; y < picture.height; y += half) {
    for (int64_t x = 0; x < picture.width; x += half) {
      const auto [x0, x1] = tile_span(x, side, picture.width);
      const auto [y0, y1] = tile_span(y, side, picture.height);
      const Crop part{x, y, std::min(x + half, picture.width), std::min(y + half, picture.height)};
      Tile tile{{x0, y0, x1, y1}, {}};
      tile.points = points_of(part, tile.crop, side, points_per_side);
      if (!tile.points.empty()) tiles.push_back(std::move(tile));
    }
  }
  return tiles;
}

std::vector<FoundMask> merge_tiles(std::vector<FoundMask> masks) { return TileMerge(std::move(masks)).run(); }

}  // namespace hqsam
