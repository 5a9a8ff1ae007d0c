// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/mask.h"

#include <gtest/gtest.h>

#include "hqsam/mask/bits.h"
#include "mask/random_mask.h"

namespace hqsam {

TEST(Mask, AreaCountsPixelsInside) {
  Mask mask(3, 70);
  EXPECT_EQ(area(mask), 0);
  mask.at(0, 0) = mask.at(2, 69) = mask.at(1, 35) = 1;
  EXPECT_EQ(area(mask), 3);
}

TEST(Mask, BoundingBoxHoldsTheOutermostPixelsIndices) {
  Mask mask(20, 100);
  mask.at(3, 40) = 1;
  EXPECT_EQ(bounding_box(mask), (Box{40, 3, 40, 3}));
  mask.at(17, 12) = 1;
  mask.at(9, 99) = 1;
  EXPECT_EQ(bounding_box(mask), (Box{12, 3, 99, 17}));
  mask.at(0, 0) = mask.at(19, 0) = 1;
  EXPECT_EQ(bounding_box(mask), (Box{0, 0, 99, 19}));
}

TEST(Mask, EmptyMaskHasNoBox) {
  EXPECT_FALSE(bounding_box(Mask(5, 7)).has_value());
  EXPECT_FALSE(bounding_box(Mask()).has_value());
}

TEST(BitMask, PacksAndUnpacksAnyWidth) {
  for (const int64_t width : {1, 7, 8, 9, 63, 64, 65, 127, 128, 200}) {
    const Mask mask = testing_support::random_mask(5, width, 0.5, static_cast<uint64_t>(width));
    const BitMask bits = pack(mask);
    EXPECT_EQ(bits.words_per_row, (width + 63) / 64);
    EXPECT_EQ(unpack(bits), mask) << "width " << width;
  }
}

TEST(BitMask, OverlapOfBytesAndOfBitsAgreesWithCounting) {
  for (const int64_t width : {1, 3, 64, 101, 640}) {
    const Mask a = testing_support::random_mask(47, width, 0.7, 1), b = testing_support::random_mask(47, width, 0.4, 2);
    int64_t both = 0, either = 0;
    for (size_t i = 0; i < a.pixels.size(); ++i) {
      both += a.pixels[i] != 0 && b.pixels[i] != 0;
      either += a.pixels[i] != 0 || b.pixels[i] != 0;
    }
    for (const Overlap& found : {overlap(a, b), overlap(pack(a), pack(b))}) {
      EXPECT_EQ(found.intersection, both);
      EXPECT_EQ(found.union_, either);
    }
  }
}

}  // namespace hqsam
