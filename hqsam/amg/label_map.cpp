// SPDX-License-Identifier: Apache-2.0
#include "hqsam/amg/label_map.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

void paint(const PackedMask& mask, uint16_t label, std::vector<uint16_t>& labels) {
  for (int64_t y = 0; y < mask.window.size.height; ++y) {
    uint16_t* row = labels.data() + (mask.top + y) * mask.size.width + mask.left;
    const uint64_t* words = mask.window.row(y);
    for (int64_t i = 0; i < mask.window.words_per_row; ++i) {
      for (uint64_t rest = words[i]; rest != 0; rest &= rest - 1) row[64 * i + std::countr_zero(rest)] = label;
    }
  }
}

}  // namespace

std::vector<uint16_t> label_map(std::span<const PackedMask* const> masks, Size picture, LabelOrder order) {
  constexpr size_t kMost = std::numeric_limits<uint16_t>::max();
  if (masks.size() > kMost) fail("label_map", "16 bits number {} masks, got {}", kMost, masks.size());
  std::vector<size_t> painted(masks.size());  // the last one stays on top
  std::iota(painted.rbegin(), painted.rend(), size_t{0});
  if (order == LabelOrder::kSmallest) {
    std::stable_sort(painted.begin(), painted.end(),
                     [&](size_t a, size_t b) { return masks[a]->area > masks[b]->area; });
  }
  std::vector<uint16_t> labels(static_cast<size_t>(picture.height * picture.width), 0);
  for (const size_t i : painted) {
    check_one_size("label_map", masks[i]->size, picture);
    paint(*masks[i], static_cast<uint16_t>(i + 1), labels);
  }
  return labels;
}

}  // namespace hqsam
