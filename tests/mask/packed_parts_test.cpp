// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/packed_parts.h"

#include <gtest/gtest.h>

#include "mask/random_mask.h"

namespace hqsam {
using namespace testing_support;

namespace {

TEST(PackedParts, AreasAndUnionsAreThoseOfWholeMasks) {
  for (uint64_t seed = 1; seed < 9; ++seed) {
    Mask a = random_mask(30, 200, 0.1, seed), b(30, 200);
    for (int64_t y = 3; y < 9; ++y) b.at(y, 130 + y) = 1;
    if (seed % 2 == 0) std::fill(a.pixels.begin(), a.pixels.begin() + 10 * 200, 0);
    Mask either = a;
    for (size_t i = 0; i < either.pixels.size(); ++i) either.pixels[i] |= b.pixels[i];
    const PackedMask packed_a = pack_tightly(a), packed_b = pack_tightly(b);
    const PackedMask both = united(packed_a, packed_b);
    EXPECT_EQ(unpack(both), either);
    EXPECT_EQ(both.area, area(either));
    EXPECT_EQ(both.box, bounding_box(either));
    for (const PixelBox& part : {PixelBox{0, 0, 200, 30}, PixelBox{63, 5, 65, 28}, PixelBox{130, 0, 131, 30},
                                 PixelBox{64, 10, 128, 11}, PixelBox{90, 20, 90, 25}, PixelBox{-5, -5, 7, 400}}) {
      int64_t expected = 0;
      for (int64_t y = 0; y < 30; ++y) {
        for (int64_t x = 0; x < 200; ++x) {
          const bool inside = x >= part.x0 && x < part.x1 && y >= part.y0 && y < part.y1;
          expected += inside && a.at(y, x) != 0 ? 1 : 0;
        }
      }
      EXPECT_EQ(area_within(packed_a, part), expected);
    }
  }
}

}  // namespace
}  // namespace hqsam
