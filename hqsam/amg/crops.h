// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hqsam/image/image.h"

namespace hqsam {

// n * n points in the middles of n x n equal parts, as shares of width and height, row after row.
std::vector<Point> point_grid(int64_t n);

// A part of a picture, in its pixels: columns x0 to x1 - 1, rows y0 to y1 - 1.
struct Crop {
  int64_t x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  int64_t layer = 0;
  Size size() const { return {y1 - y0, x1 - x0}; }
  bool operator==(const Crop&) const = default;
};

// The whole picture, then 2^i x 2^i crops for each layer i, column after column. In layer 1 neighbours share `overlap`
// of the shorter side, in each further layer half as much.
std::vector<Crop> crops_of(Size picture, int64_t layers, double overlap);

Image cut_out(const Image& picture, const Crop& crop);

}  // namespace hqsam
