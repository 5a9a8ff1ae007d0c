// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/runs.h"

#include <algorithm>
#include <bit>

#include "hqsam/serve/api_error.h"

namespace hqsam {
namespace {

// Row-major places where the mask changes, as runs.
class Runs {
 public:
  void change_at(int64_t place) {
    if (place == last_ && !runs_.empty()) {  // inside up to a row's end, and on at the next one's begin
      last_ -= runs_.back();
      runs_.pop_back();
      return;
    }
    runs_.push_back(place - last_);
    last_ = place;
  }
  std::vector<int64_t> finish(int64_t pixels) {
    if (last_ < pixels || runs_.empty()) runs_.push_back(pixels - last_);
    return std::move(runs_);
  }

 private:
  std::vector<int64_t> runs_;
  int64_t last_ = 0;
};

void set_bits(uint64_t* row, int64_t begin, int64_t end) {
  while (begin < end) {
    const int64_t bit = begin % 64, count = std::min<int64_t>(64 - bit, end - begin);
    const uint64_t ones = count == 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
    row[begin / 64] |= ones << bit;
    begin += count;
  }
}

}  // namespace

std::vector<int64_t> row_runs(const PackedMask& mask) {
  Runs runs;
  for (int64_t y = 0; y < mask.window.size.height; ++y) {
    const uint64_t* row = mask.window.row(y);
    const int64_t first = (mask.top + y) * mask.size.width + mask.left;
    uint64_t before = 0;  // the bit to the left, in the lowest place
    for (int64_t word = 0; word < mask.window.words_per_row; ++word) {
      for (uint64_t changed = row[word] ^ (row[word] << 1 | before); changed != 0; changed &= changed - 1) {
        runs.change_at(first + 64 * word + std::countr_zero(changed));
      }
      before = row[word] >> 63;
    }
    if (before != 0) runs.change_at(first + 64 * mask.window.words_per_row);
  }
  return runs.finish(mask.size.height * mask.size.width);
}

PackedMask mask_of_runs(Size size, std::span<const int64_t> runs) {
  const int64_t pixels = size.height * size.width;
  BitMask bits{size, (size.width + 63) / 64, {}};
  bits.words.assign(static_cast<size_t>(size.height * bits.words_per_row), 0);
  int64_t at = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    const int64_t run = runs[i];
    if (run < (i == 0 ? 0 : 1) || run > pixels - at) {
      refuse("mask_of_runs", "runs are above 0 (the first may be 0) and add up to {} pixels, got {} after {}", pixels,
             run, at);
    }
    for (int64_t left = i % 2 == 1 ? run : 0, from = at; left > 0;) {
      const int64_t x = from % size.width, count = std::min(left, size.width - x);
      set_bits(bits.row(from / size.width), x, x + count);
      from += count;
      left -= count;
    }
    at += run;
  }
  if (at != pixels) refuse("mask_of_runs", "the runs add up to {} pixels, the picture has {}", at, pixels);
  return pack_tightly(bits);
}

}  // namespace hqsam
