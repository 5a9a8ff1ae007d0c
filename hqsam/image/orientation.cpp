// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/orientation.h"

#include <algorithm>
#include <utility>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

void check(int orientation) {
  if (orientation < 1 || orientation > 8) fail("upright", "expected an orientation from 1 to 8, got {}", orientation);
}

// Where upright pixel (y, x) lies among the stored ones: first + y * down + x * right.
struct Walk {
  int64_t first = 0, down = 0, right = 0;  // pixels
};

Walk walk_of(Size stored, int orientation) {
  const int64_t width = stored.width, last_row = (stored.height - 1) * width, last_column = width - 1;
  switch (orientation) {
    case 2:
      return {last_column, width, -1};
    case 3:
      return {last_row + last_column, -width, -1};
    case 4:
      return {last_row, -width, 1};
    case 5:
      return {0, 1, width};
    case 6:
      return {last_row, 1, -width};
    case 7:
      return {last_row + last_column, -1, -width};
    case 8:
      return {last_column, -1, width};
    default:
      return {0, width, 1};
  }
}

// Copies by square blocks, so that the rows of both sides stay in the cache.
template <int kChannels, class Value>
void turn(const Value* stored, const Walk& walk, Size size, int64_t channels, Value* out) {
  constexpr int64_t kSquare = 32;
  if (kChannels > 0) channels = kChannels;
  for (int64_t top = 0; top < size.height; top += kSquare) {
    for (int64_t left = 0; left < size.width; left += kSquare) {
      const int64_t right = std::min(left + kSquare, size.width);
      for (int64_t y = top; y < std::min(top + kSquare, size.height); ++y) {
        for (int64_t x = left; x < right; ++x) {
          const Value* from = stored + (walk.first + y * walk.down + x * walk.right) * channels;
          std::copy_n(from, kChannels > 0 ? kChannels : channels, out + (y * size.width + x) * channels);
        }
      }
    }
  }
}

template <class Value>
std::vector<Value> turned(const std::vector<Value>& stored, Size size, int64_t channels, int orientation) {
  std::vector<Value> out(stored.size());
  const Walk walk = walk_of(size, orientation);
  const Size target = upright_size(size, orientation);
  if (channels == 1) {
    turn<1>(stored.data(), walk, target, channels, out.data());
  } else if (channels == 3) {
    turn<3>(stored.data(), walk, target, channels, out.data());
  } else {
    turn<0>(stored.data(), walk, target, channels, out.data());
  }
  return out;
}

}  // namespace

Size upright_size(Size stored, int orientation) {
  return turns_sideways(orientation) ? Size{stored.width, stored.height} : stored;
}

Image upright(const Image& stored, int orientation) {
  check(orientation);
  check_image("upright", stored);
  const Size size = upright_size(stored.size(), orientation);
  Image out;
  out.height = size.height, out.width = size.width, out.channels = stored.channels;
  out.pixels = turned(stored.pixels, stored.size(), stored.channels, orientation);
  return out;
}

Mask upright(const Mask& stored, int orientation) {
  check(orientation);
  const Size size = upright_size(stored.size(), orientation);
  Mask out;
  out.height = size.height, out.width = size.width;
  out.pixels = turned(stored.pixels, stored.size(), 1, orientation);
  return out;
}

Raster upright(Raster stored) {
  check(stored.orientation);
  const int orientation = std::exchange(stored.orientation, 1);
  if (orientation == 1) return stored;
  const Size size = stored.size(), target = upright_size(size, orientation);
  std::visit([&](auto& samples) { samples = turned(samples, size, stored.channels, orientation); }, stored.samples);
  stored.height = target.height, stored.width = target.width;
  return stored;
}

Box upright(const Box& stored, Size stored_size, int orientation) {
  check(orientation);
  Box box = stored;
  const auto height = static_cast<double>(stored_size.height), width = static_cast<double>(stored_size.width);
  const bool mirrored = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool flipped = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  if (mirrored) box.x0 = width - stored.x1, box.x1 = width - stored.x0;
  if (flipped) box.y0 = height - stored.y1, box.y1 = height - stored.y0;
  if (turns_sideways(orientation)) {
    std::swap(box.x0, box.y0);
    std::swap(box.x1, box.y1);
  }
  return box;
}

}  // namespace hqsam
