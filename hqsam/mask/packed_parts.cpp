// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/packed_parts.h"

#include <algorithm>
#include <bit>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

// Bits [begin, end) of a word, which may lie outside of 0 to 64.
uint64_t bits_between(int64_t begin, int64_t end) {
  begin = std::max<int64_t>(begin, 0), end = std::min<int64_t>(end, 64);
  if (end <= begin) return 0;
  const uint64_t all = ~uint64_t{0};
  return (all >> (64 - (end - begin))) << begin;
}

void add_to(BitMask& window, int64_t top, int64_t left, const PackedMask& mask) {
  for (int64_t y = 0; y < mask.window.size.height; ++y) {
    uint64_t* to = window.row(mask.top + y - top) + (mask.left - left) / 64;
    const uint64_t* from = mask.window.row(y);
    for (int64_t i = 0; i < mask.window.words_per_row; ++i) to[i] |= from[i];
  }
}

}  // namespace

PixelBox common_part(const PixelBox& a, const PixelBox& b) {
  return {std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1), std::min(a.y1, b.y1)};
}

int64_t area_within(const PackedMask& mask, const PixelBox& part) {
  const int64_t top = std::max(part.y0 - mask.top, int64_t{0});
  const int64_t bottom = std::min(part.y1 - mask.top, mask.window.size.height);
  int64_t area = 0;
  for (int64_t i = 0; i < mask.window.words_per_row; ++i) {
    const int64_t first = mask.left + 64 * i;
    const uint64_t wanted = bits_between(part.x0 - first, part.x1 - first);
    if (wanted == 0) continue;
    for (int64_t y = top; y < bottom; ++y) area += std::popcount(mask.window.row(y)[i] & wanted);
  }
  return area;
}

PackedMask united(const PackedMask& a, const PackedMask& b) {
  check_one_size("united", a.size, b.size);
  if (a.area == 0) return b;
  if (b.area == 0) return a;
  PackedMask out;
  out.size = a.size;
  out.top = std::min(a.top, b.top), out.left = std::min(a.left, b.left);
  const auto bottom = [](const PackedMask& mask) { return mask.top + mask.window.size.height; };
  const auto right = [](const PackedMask& mask) { return mask.left + mask.window.size.width; };
  BitMask& window = out.window;
  window.size = {std::max(bottom(a), bottom(b)) - out.top, std::max(right(a), right(b)) - out.left};
  window.words_per_row = (window.size.width + 63) / 64;
  window.words.resize(static_cast<size_t>(window.size.height * window.words_per_row));
  add_to(window, out.top, out.left, a);
  add_to(window, out.top, out.left, b);
  out.area = common_bits(window.words.data(), window.words.data(), std::ssize(window.words));
  out.box = Box{std::min(a.box->x0, b.box->x0), std::min(a.box->y0, b.box->y0), std::max(a.box->x1, b.box->x1),
                std::max(a.box->y1, b.box->y1)};
  return out;
}

}  // namespace hqsam
