// SPDX-License-Identifier: Apache-2.0
#include "hqsam/amg/crops.h"

#include <algorithm>
#include <cmath>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

// Of `count` pieces that share `overlap` and cover `length`, rounded up.
int64_t piece_length(int64_t length, int64_t count, int64_t overlap) {
  return (overlap * (count - 1) + length + count - 1) / count;
}

}  // namespace

std::vector<Point> point_grid(int64_t n) {
  if (n < 1) fail("point_grid", "expected at least one point a side, got {}", n);
  const auto side = static_cast<double>(n);
  const auto middle = [&](int64_t i) { return (2 * static_cast<double>(i) + 1) / (2 * side); };
  std::vector<Point> points;
  for (int64_t y = 0; y < n; ++y) {
    for (int64_t x = 0; x < n; ++x) points.push_back({middle(x), middle(y)});
  }
  return points;
}

std::vector<Crop> crops_of(Size picture, int64_t layers, double overlap) {
  std::vector<Crop> crops = {{0, 0, picture.width, picture.height, 0}};
  const auto shorter = static_cast<double>(std::min(picture.height, picture.width));
  for (int64_t layer = 1; layer <= layers; ++layer) {
    const int64_t count = int64_t{1} << layer;
    const auto shared = static_cast<int64_t>(overlap * shorter * (2.0 / static_cast<double>(count)));
    const int64_t width = piece_length(picture.width, count, shared);
    const int64_t height = piece_length(picture.height, count, shared);
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t j = 0; j < count; ++j) {
        const int64_t x0 = (width - shared) * i, y0 = (height - shared) * j;
        const Crop crop{x0, y0, std::min(x0 + width, picture.width), std::min(y0 + height, picture.height), layer};
        if (crop.x1 > crop.x0 && crop.y1 > crop.y0)
          crops.push_back(crop);  // of pictures of a few pixels some are empty
      }
    }
  }
  return crops;
}

Image cut_out(const Image& picture, const Crop& crop) {
  check_image("cut_out", picture);
  const bool inside = crop.x0 >= 0 && crop.y0 >= 0 && crop.x1 <= picture.width && crop.y1 <= picture.height;
  if (!inside || crop.x1 <= crop.x0 || crop.y1 <= crop.y0) {
    fail("cut_out", "columns {} to {} and rows {} to {} are no part of {} x {} pixels", crop.x0, crop.x1, crop.y0,
         crop.y1, picture.width, picture.height);
  }
  if (crop.size() == picture.size()) return picture;
  Image out(crop.y1 - crop.y0, crop.x1 - crop.x0, picture.channels);
  for (int64_t y = 0; y < out.height; ++y) {
    const uint8_t* from = picture.at(crop.y0 + y, crop.x0);
    std::copy(from, from + out.width * out.channels, out.at(y, 0));
  }
  return out;
}

}  // namespace hqsam
