// SPDX-License-Identifier: Apache-2.0
#include "hqsam/amg/tree.h"

#include <algorithm>
#include <numeric>

#include "hqsam/amg/suppress.h"
#include "hqsam/core/error.h"

namespace hqsam {

std::vector<std::optional<size_t>> parents_of(std::span<const PackedMask* const> masks, double share) {
  if (!(share > 0 && share <= 1)) fail("parents_of", "expected a share above 0 and at most 1, got {}", share);
  std::vector<size_t> by_size(masks.size());
  std::iota(by_size.begin(), by_size.end(), size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(), [&](size_t a, size_t b) { return masks[a]->area > masks[b]->area; });
  std::vector<std::optional<size_t>> parents(masks.size());
  for (size_t at = 0; at < by_size.size(); ++at) {
    const PackedMask& own = *masks[by_size[at]];
    const double wanted = share * static_cast<double>(own.area);
    for (size_t before = at; own.area > 0 && before-- > 0;) {  // from the smallest that is larger
      const PackedMask& other = *masks[by_size[before]];
      if (static_cast<double>(most_in_common(own, other)) < wanted) continue;
      if (static_cast<double>(overlap(own, other).intersection) < wanted) continue;
      parents[by_size[at]] = by_size[before];
      break;
    }
  }
  return parents;
}

}  // namespace hqsam
