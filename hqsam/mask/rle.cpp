// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/rle.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

constexpr int64_t kColumns = 64;  // columns transposed at a time, so that reads stay within a few cache lines

// Pixels of columns [begin, end), one column after the other.
void columns_of(const Mask& mask, int64_t begin, int64_t end, std::vector<uint8_t>& columns) {
  columns.resize(static_cast<size_t>((end - begin) * mask.height));
  for (int64_t y = 0; y < mask.height; ++y) {
    for (int64_t x = begin; x < end; ++x) columns[(x - begin) * mask.height + y] = mask.at(y, x);
  }
}

// Sets the pixels whose column-major indices are in [at, end).
void fill_run(Mask& mask, int64_t at, int64_t end) {
  while (at < end) {
    const int64_t x = at / mask.height, y = at % mask.height;
    const int64_t stop = std::min(mask.height, y + end - at);
    for (int64_t row = y; row < stop; ++row) mask.at(row, x) = 1;
    at += stop - y;
  }
}

int64_t checked_pixels(const char* function, Size size) {
  check_rle_size(function, size);
  return size.height * size.width;
}

// Reads one signed number, low five bits first, at text[at]; moves `at` behind it.
int64_t read_number(std::string_view text, size_t& at) {
  constexpr int kMaxCharacters = 7;  // 35 bits; differences of 32-bit counts need 33
  uint64_t value = 0;
  for (int i = 0; i < kMaxCharacters; ++i) {
    if (at == text.size()) fail("rle_from_string", "the text ends within a number, after {} characters", at);
    const int code = static_cast<unsigned char>(text[at]) - 48;
    if (code < 0 || code > 63) {
      fail("rle_from_string", "character {} at position {} is not of COCO's run-length code",
           static_cast<int>(static_cast<unsigned char>(text[at])), at);
    }
    ++at;
    value |= static_cast<uint64_t>(code & 0x1f) << (5 * i);
    if ((code & 0x20) != 0) continue;
    if ((code & 0x10) != 0) value |= ~uint64_t{0} << (5 * (i + 1));  // the sign
    return static_cast<int64_t>(value);
  }
  fail("rle_from_string", "the number that ends after {} characters does not fit in 32 bits", at);
}

}  // namespace

Rle rle_encode(const Mask& mask) {
  checked_pixels("rle_encode", mask.size());
  Rle rle{mask.size(), {}};
  std::vector<uint8_t> columns;
  uint8_t inside = 0;
  uint32_t run = 0;
  for (int64_t begin = 0; begin < mask.width; begin += kColumns) {
    columns_of(mask, begin, std::min(begin + kColumns, mask.width), columns);
    const uint8_t *at = columns.data(), *end = at + columns.size();
    while (at != end) {
      const auto* next = static_cast<const uint8_t*>(std::memchr(at, 1 - inside, static_cast<size_t>(end - at)));
      run += static_cast<uint32_t>((next == nullptr ? end : next) - at);
      if (next == nullptr) break;
      rle.counts.push_back(run);
      run = 0;
      inside = 1 - inside;
      at = next;
    }
  }
  rle.counts.push_back(run);
  return rle;
}

void check_rle_size(const char* function, Size size) {
  const bool sane = size.height >= 0 && size.width >= 0 && size.height <= kMaxRlePixels &&
                    size.width <= kMaxRlePixels && size.height * size.width <= kMaxRlePixels;
  if (!sane) {
    fail(function, "expected a size of at most {} pixels, got {} x {} (height x width)", kMaxRlePixels, size.height,
         size.width);
  }
}

void check_runs(const Rle& rle) {
  const int64_t pixels = checked_pixels("rle_decode", rle.size);
  int64_t sum = 0;
  for (const uint32_t count : rle.counts) {
    sum += count;
    if (sum > pixels) break;
  }
  if (sum != pixels) {
    fail("rle_decode", "expected runs of {} x {} = {} pixels in all, got {}{}", rle.size.height, rle.size.width, pixels,
         sum > pixels ? "at least " : "", sum);
  }
}

Mask rle_decode(const Rle& rle) {
  check_runs(rle);
  Mask mask(rle.size.height, rle.size.width);
  int64_t at = 0;  // column-major
  for (size_t i = 0; i < rle.counts.size(); ++i) {
    if (i % 2 == 1) fill_run(mask, at, at + rle.counts[i]);
    at += rle.counts[i];
  }
  return mask;
}

int64_t rle_area(const Rle& rle) {
  int64_t area = 0;
  for (size_t i = 1; i < rle.counts.size(); i += 2) area += rle.counts[i];
  return area;
}

Rle rle_union(std::span<const Rle> parts, Size size) {
  const int64_t pixels = checked_pixels("rle_union", size);
  std::vector<std::pair<int64_t, int>> turns;  // where a part begins (+1) or ends (-1)
  for (const Rle& part : parts) {
    if (part.size != size) {
      fail("rle_union", "expected parts of {} x {}, got {} x {} (height x width)", size.height, size.width,
           part.size.height, part.size.width);
    }
    check_runs(part);
    int64_t at = 0;
    for (size_t i = 0; i < part.counts.size(); ++i) {
      if (i % 2 == 1) turns.insert(turns.end(), {{at, 1}, {at + part.counts[i], -1}});
      at += part.counts[i];
    }
  }
  std::sort(turns.begin(), turns.end());
  Rle rle{size, {}};
  int64_t at = 0, depth = 0;
  for (size_t i = 0; i < turns.size();) {
    const int64_t here = turns[i].first, before = depth;
    for (; i < turns.size() && turns[i].first == here; ++i) depth += turns[i].second;
    if ((before > 0) == (depth > 0)) continue;
    rle.counts.push_back(static_cast<uint32_t>(here - at));
    at = here;
  }
  if (at < pixels || rle.counts.empty()) rle.counts.push_back(static_cast<uint32_t>(pixels - at));
  return rle;
}

std::string rle_to_string(const Rle& rle) {
  std::string text;
  for (size_t i = 0; i < rle.counts.size(); ++i) {
    int64_t value = rle.counts[i];
    if (i > 2) value -= rle.counts[i - 2];
    bool more = true;
    while (more) {
      int code = static_cast<int>(value & 0x1f);
      value >>= 5;
      more = (code & 0x10) != 0 ? value != -1 : value != 0;
      if (more) code |= 0x20;
      text.push_back(static_cast<char>(code + 48));
    }
  }
  return text;
}

Rle rle_from_string(std::string_view text, Size size) {
  const int64_t pixels = checked_pixels("rle_from_string", size);
  Rle rle{size, {}};
  int64_t sum = 0;
  for (size_t at = 0; at < text.size();) {
    int64_t count = read_number(text, at);
    if (rle.counts.size() > 2) count += rle.counts[rle.counts.size() - 2];
    if (count < 0) fail("rle_from_string", "run {} is negative ({})", rle.counts.size(), count);
    sum += count;
    if (sum > pixels) {
      fail("rle_from_string", "the first {} runs have {} pixels, more than {} x {}", rle.counts.size() + 1, sum,
           size.height, size.width);
    }
    rle.counts.push_back(static_cast<uint32_t>(count));
  }
  if (sum != pixels) {
    fail("rle_from_string", "expected runs of {} x {} = {} pixels in all, got {}", size.height, size.width, pixels,
         sum);
  }
  return rle;
}

}  // namespace hqsam
