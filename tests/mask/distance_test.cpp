// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/distance.h"

#include <gtest/gtest.h>

#include "mask/random_mask.h"

namespace hqsam {
namespace {

// To the nearest pixel outside, by looking at all of them and at the border.
int64_t by_search(const Mask& mask, int64_t y, int64_t x) {
  int64_t side = std::min({y + 1, x + 1, mask.height - y, mask.width - x});
  int64_t best = side * side;
  for (int64_t v = 0; v < mask.height; ++v) {
    for (int64_t u = 0; u < mask.width; ++u) {
      if (mask.at(v, u) == 0) best = std::min(best, (v - y) * (v - y) + (u - x) * (u - x));
    }
  }
  return best;
}

}  // namespace

TEST(Distance, IsThatToTheNearestPixelOutside) {
  for (const double inside : {0.5, 0.9, 0.99, 1.0}) {
    for (const Size size : {Size{1, 1}, Size{1, 17}, Size{23, 1}, Size{19, 26}}) {
      const Mask mask = testing_support::random_mask(size.height, size.width, inside, 7);
      const auto distance = squared_distance_to_outside(mask);
      for (int64_t y = 0; y < size.height; ++y) {
        for (int64_t x = 0; x < size.width; ++x) {
          ASSERT_EQ(distance[y * size.width + x], mask.at(y, x) == 0 ? 0 : by_search(mask, y, x))
              << size.height << "x" << size.width << " " << inside << " at " << y << "," << x;
        }
      }
    }
  }
}

}  // namespace hqsam
