// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/boundary.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hqsam/core/error.h"
#include "mask/random_mask.h"

namespace hqsam {
namespace {

// One erosion by a 3x3 square after the other; outside the picture is outside the mask.
Mask naive_band(const Mask& mask, int64_t width) {
  Mask eroded = mask;
  for (int64_t step = 0; step < width; ++step) {
    Mask next(mask.height, mask.width);
    for (int64_t y = 1; y + 1 < mask.height; ++y) {
      for (int64_t x = 1; x + 1 < mask.width; ++x) {
        uint8_t all = 1;
        for (int64_t dy = -1; dy <= 1; ++dy) {
          for (int64_t dx = -1; dx <= 1; ++dx) all &= eroded.at(y + dy, x + dx);
        }
        next.at(y, x) = all;
      }
    }
    eroded = next;
  }
  Mask band = mask;
  for (size_t i = 0; i < band.pixels.size(); ++i) band.pixels[i] &= 1 - eroded.pixels[i];
  return band;
}

}  // namespace

TEST(BoundaryWidth, IsTwoPercentOfTheDiagonalAndAtLeastOne) {
  EXPECT_EQ(boundary_width({1024, 1024}), 29);
  EXPECT_EQ(boundary_width({1024, 1024}, 0.01), 14);
  EXPECT_EQ(boundary_width({5, 5}), 1);
  EXPECT_EQ(boundary_width({1, 1}, 0), 1);
  EXPECT_EQ(boundary_width({75, 100}), 2);   // 2.5 goes to the even neighbour
  EXPECT_EQ(boundary_width({105, 140}), 4);  // so does 3.5
  EXPECT_THROW(boundary_width({10, 10}, -0.1), Error);
  EXPECT_THROW(boundary_width({10, 10}, std::nan("")), Error);
}

TEST(BoundaryBand, EqualsRepeatedErosionsOnRandomMasks) {
  for (const Size size : {Size{1, 1}, {1, 9}, {9, 1}, {7, 13}, {33, 64}, {40, 65}, {31, 150}, {70, 129}}) {
    for (const double inside : {0.9, 0.99, 1.0}) {
      const Mask mask = testing_support::random_mask(size.height, size.width, inside, 7);
      for (const int64_t width : {0, 1, 2, 3, 5, 8, 13, 31, 32, 33, 64, 200}) {
        EXPECT_EQ(boundary_band(mask, width), naive_band(mask, width))
            << size.height << " x " << size.width << ", inside " << inside << ", width " << width;
      }
    }
  }
}

TEST(BoundaryBand, EqualsRepeatedErosionsAcrossManyWords) {
  Mask mask(180, 400);
  for (int64_t y = 3; y < 178; ++y) {
    for (int64_t x = 5; x < 391; ++x) mask.at(y, x) = 1;
  }
  mask.at(90, 200) = 0;
  for (const int64_t width : {1, 29, 32, 63, 64, 70, 86, 87}) {
    EXPECT_EQ(boundary_band(mask, width), naive_band(mask, width)) << "width " << width;
  }
}

TEST(BoundaryBand, EmptyMaskHasNone) { EXPECT_EQ(area(boundary_band(Mask(30, 40), 3)), 0); }

TEST(BoundaryBand, RefusesANegativeWidth) { EXPECT_THROW(boundary_band(Mask(3, 3), -1), Error); }

}  // namespace hqsam
