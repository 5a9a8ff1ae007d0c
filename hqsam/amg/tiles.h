// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hqsam/amg/found_mask.h"
#include "hqsam/amg/proposals.h"

namespace hqsam {

// A part of a large picture at one scale. Parts of half a tile a side, beginning at the picture's corner, have a tile
// each that reaches a quarter of a tile beyond them, and hold the points that it is asked about: each point of the
// picture has its surroundings, and is asked once. At the picture's edges tiles are moved inside.
struct Tile {
  Crop crop;
  std::vector<GridPoint> points;  // of a grid of points_per_side for the length of a tile
};
// side: pixels. Rows of tiles, one after the other.
std::vector<Tile> tiles_of(Size picture, int64_t side, int64_t points_per_side);

// Masks of tiles become masks of the picture. One that ends at its tile's edge, not the picture's, may go on: where a
// mask of another tile is most like it in what both tiles see (IoU at least 0.6, each the other's best), the two are
// one thing. Of such, those that are whole in their tile stand for the others, else all are united.
std::vector<FoundMask> merge_tiles(std::vector<FoundMask> masks);

}  // namespace hqsam
