// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/small_regions.h"

#include <gtest/gtest.h>

#include "hqsam/mask/packed_runs.h"
#include "mask/random_mask.h"

namespace hqsam {
using namespace testing_support;

namespace {

// 1 where the drawing has a '#'.
PackedMask drawn(const std::vector<std::string>& rows) {
  Mask mask(std::ssize(rows), std::ssize(rows.front()));
  for (int64_t y = 0; y < mask.height; ++y) {
    for (int64_t x = 0; x < mask.width; ++x) mask.at(y, x) = rows[y][x] == '#' ? 1 : 0;
  }
  return pack_tightly(mask);
}

TEST(SmallRegions, HolesAreFilledAndIslandsRemovedBelowTheArea) {
  const PackedMask mask = drawn({"........", ".####.#.", ".#.##...", ".####...", "........"});
  EXPECT_EQ(without_small_holes(mask, 2).mask, drawn({"........", ".####.#.", ".####...", ".####...", "........"}));
  EXPECT_EQ(without_small_islands(mask, 2).mask, drawn({"........", ".####...", ".#.##...", ".####...", "........"}));
  EXPECT_EQ(without_small_regions(mask, 2).mask, drawn({"........", ".####...", ".####...", ".####...", "........"}));
  EXPECT_FALSE(without_small_regions(mask, 1).changed);
  EXPECT_EQ(without_small_regions(mask, 1).mask, mask);
}

TEST(SmallRegions, OfIslandsThatAreAllSmallTheLargestStays) {
  const PackedMask mask = drawn({"#....", "...##", "....."});
  const auto [left, changed] = without_small_islands(mask, 100);
  EXPECT_EQ(left, drawn({".....", "...##", "....."}));
  EXPECT_TRUE(changed);
}

TEST(SmallRegions, ARegionCutOffAtTheBorderIsAHoleAndTheRestOfThePictureIsNot) {
  // The box of the mask holds only corners of what is outside, which go on beyond it.
  std::vector<std::string> rows(40, std::string(90, '.'));
  for (int y = 10; y < 20; ++y) rows[y][70] = '#';
  for (int x = 66; x < 75; ++x) rows[15][x] = '#';
  rows[0] = std::string(4, '.') + "#" + std::string(85, '.');
  for (int y = 1; y < 4; ++y) rows[y][4 - y] = '#';
  rows[4][0] = '#';
  const PackedMask mask = drawn(rows);
  std::vector<std::string> filled = rows;
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 4 - y; ++x) filled[y][x] = '#';
  }
  EXPECT_EQ(without_small_holes(mask, 100).mask, drawn(rows)) << "diagonals let the outside through";
  rows[1][4] = rows[2][3] = rows[3][2] = rows[4][1] = '#';
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 5; ++x) filled[y][x] = filled[y][x] == '#' || rows[y][x] == '#' ? '#' : '.';
  }
  EXPECT_EQ(without_small_holes(drawn(rows), 100).mask, drawn(filled));
}

TEST(PackedRuns, AreThoseOfTheWholeMask) {
  std::vector<Mask> masks = {Mask(3, 200), Mask(70, 1), Mask(64, 64)};
  for (uint8_t& pixel : masks.back().pixels) pixel = 1;
  for (const uint64_t seed : {1, 2, 3}) {
    masks.push_back(random_mask(40, 130, 0.5, seed));
    masks.push_back(random_mask(9, 64, 0.95, seed));
    masks.push_back(random_mask(200, 300, 0.001, seed));
  }
  for (const Mask& mask : masks) EXPECT_EQ(rle_encode(pack_tightly(mask)), rle_encode(mask));
}

}  // namespace
}  // namespace hqsam
