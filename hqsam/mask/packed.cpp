// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/packed.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

int64_t words_for(int64_t pixels) { return (pixels + 63) / 64; }

int64_t count(const BitMask& bits) { return common_bits(bits.words.data(), bits.words.data(), std::ssize(bits.words)); }

// Rows [top, bottom) and columns [left, right) of the bits; left is a multiple of 64.
BitMask cut(const BitMask& bits, int64_t top, int64_t bottom, int64_t left, int64_t right) {
  BitMask window{{bottom - top, right - left}, words_for(right - left), {}};
  window.words.reserve(static_cast<size_t>((bottom - top) * window.words_per_row));
  for (int64_t y = top; y < bottom; ++y) {
    const uint64_t* from = bits.row(y) + left / 64;
    window.words.insert(window.words.end(), from, from + window.words_per_row);
  }
  return window;
}

// The outermost pixels inside, in the frame of the bits.
std::optional<Box> bounds_of(const BitMask& bits) {
  int64_t top = -1, bottom = -1, left = std::numeric_limits<int64_t>::max(), right = -1;
  for (int64_t y = 0; y < bits.size.height; ++y) {
    const uint64_t *begin = bits.row(y), *end = begin + bits.words_per_row;
    const uint64_t* first = std::find_if(begin, end, [](uint64_t word) { return word != 0; });
    if (first == end) continue;
    if (top < 0) top = y;
    bottom = y;
    left = std::min<int64_t>(left, 64 * (first - begin) + std::countr_zero(*first));
    const uint64_t* last = end - 1;
    while (*last == 0) --last;
    right = std::max<int64_t>(right, 64 * (last - begin) + 63 - std::countl_zero(*last));
  }
  if (top < 0) return std::nullopt;
  return Box{static_cast<double>(left), static_cast<double>(top), static_cast<double>(right),
             static_cast<double>(bottom)};
}

// Cut from bits that begin at (top, left) of the picture.
PackedMask packed_from(const BitMask& bits, Size size, int64_t top, int64_t left) {
  PackedMask packed;
  packed.size = size;
  const std::optional<Box> bounds = bounds_of(bits);
  if (!bounds) return packed;
  const auto x0 = static_cast<int64_t>(bounds->x0) / 64 * 64, y0 = static_cast<int64_t>(bounds->y0);
  const auto x1 = static_cast<int64_t>(bounds->x1) + 1, y1 = static_cast<int64_t>(bounds->y1) + 1;
  const bool whole = x0 == 0 && y0 == 0 && Size{y1, x1} == bits.size;
  packed.window = whole ? bits : cut(bits, y0, y1, x0, x1);
  packed.top = top + y0;
  packed.left = left + x0;
  packed.area = count(packed.window);
  const auto right = static_cast<double>(left), down = static_cast<double>(top);
  packed.box = Box{bounds->x0 + right, bounds->y0 + down, bounds->x1 + right, bounds->y1 + down};
  return packed;
}

struct Span {
  int64_t begin = std::numeric_limits<int64_t>::max(), end = 0;
  void add(int64_t from, int64_t to) { begin = std::min(begin, from), end = std::max(end, to); }
};

// Calls take(column, first row, row behind the last) for each piece of each run inside.
template <class Take>
void for_pieces(const Rle& rle, const Take& take) {
  const int64_t height = rle.size.height;
  int64_t at = 0;  // column-major
  for (size_t i = 0; i < rle.counts.size(); ++i) {
    const int64_t end = at + rle.counts[i];
    if (i % 2 == 0) at = end;
    while (at < end) {
      const int64_t x = at / height, y = at % height, stop = std::min(height, y + end - at);
      take(x, y, stop);
      at += stop - y;
    }
  }
}

}  // namespace

PackedMask pack_tightly(const BitMask& bits) { return packed_from(bits, bits.size, 0, 0); }

PackedMask pack_tightly(const Mask& mask) { return pack_tightly(pack(mask)); }

PackedMask pack_tightly(const Rle& rle) {
  check_runs(rle);
  Span rows, columns;
  for_pieces(rle, [&](int64_t x, int64_t y, int64_t stop) { rows.add(y, stop), columns.add(x, x + 1); });
  PackedMask packed;
  packed.size = rle.size;
  if (rows.end == 0) return packed;
  packed.top = rows.begin, packed.left = columns.begin / 64 * 64;
  packed.area = rle_area(rle);
  packed.box = Box{static_cast<double>(columns.begin), static_cast<double>(rows.begin),
                   static_cast<double>(columns.end - 1), static_cast<double>(rows.end - 1)};
  BitMask& window = packed.window;
  window.size = {rows.end - rows.begin, columns.end - packed.left};
  window.words_per_row = words_for(window.size.width);
  window.words.resize(static_cast<size_t>(window.size.height * window.words_per_row));
  for_pieces(rle, [&](int64_t x, int64_t y, int64_t stop) {
    const uint64_t bit = uint64_t{1} << (x - packed.left) % 64;
    uint64_t* word = window.row(y - packed.top) + (x - packed.left) / 64;
    for (; y < stop; ++y, word += window.words_per_row) *word |= bit;
  });
  return packed;
}

void unpack_into(const PackedMask& mask, uint8_t inside, std::vector<uint8_t>& pixels) {
  pixels.resize(static_cast<size_t>(mask.size.height * mask.size.width));
  std::fill(pixels.begin(), pixels.end(), 0);
  for (int64_t y = 0; y < mask.window.size.height; ++y) {
    unpack_row(mask.window.row(y), mask.window.size.width, inside,
               pixels.data() + (mask.top + y) * mask.size.width + mask.left);
  }
}

Mask unpack(const PackedMask& mask) {
  Mask whole;
  whole.height = mask.size.height, whole.width = mask.size.width;
  unpack_into(mask, 1, whole.pixels);
  return whole;
}

PackedMask boundary_band(const PackedMask& mask, int64_t width) {
  PackedMask band;
  band.size = mask.size;
  BitMask window = boundary_band(mask.window, width);
  band.area = count(window);
  if (band.area == 0) return band;
  band.window = std::move(window);
  band.top = mask.top, band.left = mask.left;
  band.box = mask.box;  // the outermost pixels always belong to the band
  return band;
}

PackedMask without(const PackedMask& mask, const BitMask& other) {
  check_one_size("without", mask.size, other.size);
  BitMask left = mask.window;
  for (int64_t y = 0; y < left.size.height; ++y) {
    const uint64_t* taken = other.row(mask.top + y) + mask.left / 64;
    for (int64_t i = 0; i < left.words_per_row; ++i) left.row(y)[i] &= ~taken[i];
  }
  return packed_from(left, mask.size, mask.top, mask.left);
}

Overlap overlap(const PackedMask& a, const PackedMask& b) {
  check_one_size("overlap", a.size, b.size);
  const int64_t top = std::max(a.top, b.top);
  const int64_t bottom = std::min(a.top + a.window.size.height, b.top + b.window.size.height);
  const int64_t left = std::max(a.left, b.left) / 64;
  const int64_t right = std::min(a.left / 64 + a.window.words_per_row, b.left / 64 + b.window.words_per_row);
  int64_t both = 0;
  for (int64_t y = top; y < bottom && left < right; ++y) {
    both += common_bits(a.window.row(y - a.top) + (left - a.left / 64), b.window.row(y - b.top) + (left - b.left / 64),
                        right - left);
  }
  return {both, a.area + b.area - both};
}

bool operator==(const PackedMask& a, const PackedMask& b) {
  return a.size == b.size && a.top == b.top && a.left == b.left && a.window.size == b.window.size &&
         a.window.words == b.window.words;
}

}  // namespace hqsam
