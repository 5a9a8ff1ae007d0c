// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/packed_runs.h"

#include <array>
#include <bit>

namespace hqsam {
namespace {

// Column-major places where the mask changes between outside and inside, as runs.
class Runs {
 public:
  explicit Runs(Size size) : rle_{size, {}} {}
  void change_at(int64_t place) {
    if (place == last_ && !rle_.counts.empty()) {  // inside up to a column's end, and on at the next one's begin
      last_ -= rle_.counts.back();
      rle_.counts.pop_back();
      return;
    }
    rle_.counts.push_back(static_cast<uint32_t>(place - last_));
    last_ = place;
  }
  Rle finish() {
    const int64_t pixels = rle_.size.height * rle_.size.width;
    if (last_ < pixels || rle_.counts.empty()) rle_.counts.push_back(static_cast<uint32_t>(pixels - last_));
    return std::move(rle_);
  }

 private:
  Rle rle_;
  int64_t last_ = 0;
};

// Of each of a word's 64 columns, the rows where it changes.
using Changes = std::array<std::vector<int64_t>, 64>;

void changes_of(const BitMask& window, int64_t word, Changes& changes) {
  for (auto& rows : changes) rows.clear();
  uint64_t above = 0;
  for (int64_t y = 0; y <= window.size.height; ++y) {
    const uint64_t own = y < window.size.height ? window.row(y)[word] : 0;
    for (uint64_t changed = own ^ above; changed != 0; changed &= changed - 1) {
      changes[static_cast<size_t>(std::countr_zero(changed))].push_back(y);
    }
    above = own;
  }
}

}  // namespace

Rle rle_encode(const PackedMask& mask) {
  Runs runs(mask.size);
  Changes changes;
  for (int64_t word = 0; word < mask.window.words_per_row; ++word) {
    changes_of(mask.window, word, changes);
    for (int64_t bit = 0; bit < 64; ++bit) {
      const int64_t column = mask.left + 64 * word + bit;
      for (const int64_t y : changes[static_cast<size_t>(bit)]) {
        runs.change_at(column * mask.size.height + mask.top + y);
      }
    }
  }
  return runs.finish();
}

}  // namespace hqsam
