// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/bits.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

static_assert(std::endian::native == std::endian::little, "packing reads eight pixels as one little-endian word");

uint64_t load(const uint8_t* pixels) {
  uint64_t bytes;
  std::memcpy(&bytes, pixels, 8);
  return bytes;
}

// Eight bytes of 0 or 1 to eight bits, and back. The product moves byte i to bit 56 + i.
uint64_t gather(uint64_t bytes) { return (bytes * 0x0102040810204080u) >> 56; }

uint64_t spread(uint64_t bits) {
  const uint64_t chosen = (bits * 0x0101010101010101u) & 0x8040201008040201u;
  return ((chosen + 0x7f7f7f7f7f7f7f7fu) >> 7) & 0x0101010101010101u;
}

// In each byte the number of its bits: a population count but for the last addition.
uint64_t count_in_bytes(uint64_t word) {
  word -= (word >> 1) & 0x5555555555555555u;
  word = (word & 0x3333333333333333u) + ((word >> 2) & 0x3333333333333333u);
  return (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fu;
}

int64_t sum_bytes(uint64_t bytes) {
  const uint64_t pairs = (bytes & 0x00ff00ff00ff00ffu) + ((bytes >> 8) & 0x00ff00ff00ff00ffu);
  return static_cast<int64_t>((pairs * 0x0001000100010001u) >> 48);
}

// The pixel at x becomes its AND with that at x + shift, 0 past the end.
void and_shifted_down(uint64_t* row, int64_t count, int64_t shift) {
  const int64_t skip = shift / 64, bits = shift % 64;
  const int64_t whole = std::max<int64_t>(count - skip, 0);
  for (int64_t i = 0; i + 1 < whole; ++i) {
    // The second shift is split, for a shift by 64 is undefined.
    row[i] &= (row[i + skip] >> bits) | ((row[i + skip + 1] << 1) << (63 - bits));
  }
  if (whole > 0) row[whole - 1] &= row[count - 1] >> bits;
  std::fill(row + whole, row + count, 0);
}

// The pixel at x moves to x + shift.
void shift_up(uint64_t* row, int64_t count, int64_t shift) {
  const int64_t skip = shift / 64, bits = shift % 64;
  for (int64_t i = count - 1; i > skip; --i) {
    row[i] = (row[i - skip] << bits) | ((row[i - skip - 1] >> 1) >> (63 - bits));
  }
  if (skip < count) row[skip] = row[0] << bits;
  std::fill(row, row + std::min(skip, count), 0);
}

// Calls step(offset) so that x &= x[+offset], done for each in turn, is the AND over x[0], ..., x[window - 1]:
// the run covered doubles each time.
template <class Step>
void double_up(int64_t window, const Step& step) {
  int64_t covered = 1;
  for (; 2 * covered <= window; covered *= 2) step(covered);
  if (covered < window) step(window - covered);
}

// Each row becomes the AND of itself and the window - 1 below; rows too near to the bottom become 0.
void and_rows_below(BitMask& mask, int64_t window) {
  double_up(window, [&](int64_t offset) {
    const int64_t kept = (mask.size.height - offset) * mask.words_per_row;
    const uint64_t* below = mask.row(offset);
    for (int64_t i = 0; i < kept; ++i) mask.words[i] &= below[i];
    std::fill(mask.words.begin() + kept, mask.words.end(), 0);
  });
}

// Each row's AND with what lies up to `width` pixels to its left and right. Only words that hold pixels change.
void and_within_row(uint64_t* row, int64_t count, int64_t width) {
  while (count > 0 && row[count - 1] == 0) --count;
  while (count > 0 && *row == 0) ++row, --count;
  if (count == 0) return;
  double_up(2 * width + 1, [&](int64_t offset) { and_shifted_down(row, count, offset); });
  shift_up(row, count, width);
}

// Erosion by a square of 2 * width + 1 pixels, at most the picture's shorter side.
BitMask erode(const BitMask& mask, int64_t width) {
  BitMask runs = mask, out{mask.size, mask.words_per_row, std::vector<uint64_t>(mask.words.size(), 0)};
  and_rows_below(runs, 2 * width + 1);
  for (int64_t y = width; y < mask.size.height - width; ++y) {
    std::copy_n(runs.row(y - width), mask.words_per_row, out.row(y));
    and_within_row(out.row(y), mask.words_per_row, width);
  }
  return out;
}

}  // namespace

void check_one_size(const char* function, Size a, Size b) {
  if (a == b) return;
  fail(function, "expected two masks of one size, got {} x {} and {} x {} (height x width)", a.height, a.width,
       b.height, b.width);
}

void pack_row(const uint8_t* pixels, int64_t width, uint64_t* words) {
  int64_t x = 0;
  for (; x + 64 <= width; x += 64) {
    uint64_t word = 0;
    for (int64_t i = 0; i < 8; ++i) word |= gather(load(pixels + x + 8 * i)) << (8 * i);
    words[x / 64] = word;
  }
  if (x == width) return;
  uint64_t rest = 0;
  for (int64_t i = 0; x + i < width; ++i) rest |= uint64_t{pixels[x + i] != 0} << i;
  words[x / 64] = rest;
}

BitMask pack(const Mask& mask) {
  BitMask bits{mask.size(), (mask.width + 63) / 64, {}};
  bits.words.resize(static_cast<size_t>(mask.height * bits.words_per_row));
  for (int64_t y = 0; y < mask.height; ++y) {
    pack_row(mask.pixels.data() + y * mask.width, mask.width, bits.row(y));
  }
  return bits;
}

void unpack_row(const uint64_t* words, int64_t width, uint8_t inside, uint8_t* pixels) {
  int64_t x = 0;
  for (; x + 8 <= width; x += 8) {
    const uint64_t bytes = spread((words[x / 64] >> (x % 64)) & 0xff) * inside;
    std::memcpy(pixels + x, &bytes, 8);
  }
  for (; x < width; ++x) pixels[x] = (words[x / 64] >> (x % 64)) & 1 ? inside : 0;
}

Mask unpack(const BitMask& bits) {
  Mask mask(bits.size.height, bits.size.width);
  for (int64_t y = 0; y < mask.height; ++y) {
    unpack_row(bits.row(y), mask.width, 1, mask.pixels.data() + y * mask.width);
  }
  return mask;
}

BitMask boundary_band(const BitMask& mask, int64_t width) {
  if (width < 0) fail("boundary_band", "expected a width of at least 0 pixels, got {}", width);
  const int64_t shorter = std::min(mask.size.height, mask.size.width);
  if (width > (shorter - 1) / 2) return mask;  // every pixel is within `width` of the border
  BitMask band = erode(mask, width);
  for (size_t i = 0; i < band.words.size(); ++i) band.words[i] = mask.words[i] & ~band.words[i];
  return band;
}

Overlap overlap(const BitMask& a, const BitMask& b) {
  check_one_size("overlap", a.size, b.size);
  Overlap sum;
  constexpr size_t kBlock = 31;  // a byte of the running sums gains at most 8 per word
  for (size_t begin = 0; begin < a.words.size(); begin += kBlock) {
    const size_t end = std::min(begin + kBlock, a.words.size());
    uint64_t both = 0, either = 0;
    for (size_t i = begin; i < end; ++i) {
      both += count_in_bytes(a.words[i] & b.words[i]);
      either += count_in_bytes(a.words[i] | b.words[i]);
    }
    sum.intersection += sum_bytes(both);
    sum.union_ += sum_bytes(either);
  }
  return sum;
}

int64_t common_bits(const uint64_t* a, const uint64_t* b, int64_t words) {
  constexpr int64_t kBlock = 31;  // as above
  int64_t sum = 0;
  for (int64_t begin = 0; begin < words; begin += kBlock) {
    uint64_t both = 0;
    for (int64_t i = begin; i < std::min(begin + kBlock, words); ++i) both += count_in_bytes(a[i] & b[i]);
    sum += sum_bytes(both);
  }
  return sum;
}

Overlap overlap(const Mask& a, const Mask& b) {
  check_one_size("overlap", a.size(), b.size());
  Overlap sum;
  constexpr size_t kBlock = size_t{8} * 255;  // pixels; a byte of the running sums gains at most 1 per 8
  const size_t count = a.pixels.size(), whole = count / 8 * 8;
  for (size_t begin = 0; begin < whole; begin += kBlock) {
    const size_t end = std::min(begin + kBlock, whole);
    uint64_t both = 0, either = 0;
    for (size_t i = begin; i < end; i += 8) {
      const uint64_t left = load(a.pixels.data() + i), right = load(b.pixels.data() + i);
      both += left & right;
      either += left | right;
    }
    sum.intersection += sum_bytes(both);
    sum.union_ += sum_bytes(either);
  }
  for (size_t i = whole; i < count; ++i) {
    sum.intersection += a.pixels[i] & b.pixels[i];
    sum.union_ += a.pixels[i] | b.pixels[i];
  }
  return sum;
}

}  // namespace hqsam
