// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/runs.h"

#include <gtest/gtest.h>

#include "errors.h"
#include "hqsam/core/random.h"

namespace hqsam {
namespace {

std::vector<int64_t> plain_runs(const Mask& mask) {
  std::vector<int64_t> runs(1, 0);
  uint8_t now = 0;
  for (const uint8_t pixel : mask.pixels) {
    if (pixel != now) runs.push_back(0);
    now = pixel;
    ++runs.back();
  }
  return runs;
}

Mask random_mask(int64_t height, int64_t width, uint64_t seed) {
  Mask mask(height, width);
  RandomStream stream{seed};
  uint8_t now = 0;
  for (uint8_t& pixel : mask.pixels) {
    if (stream.below(9) == 0) now = static_cast<uint8_t>(1 - now);
    pixel = now;
  }
  return mask;
}

TEST(Runs, AreThoseThatAWalkOverThePixelsCounts) {
  for (const int64_t width : {1, 5, 63, 64, 65, 128, 130, 200}) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const Mask mask = random_mask(7, width, 100 * seed + static_cast<uint64_t>(width));
      EXPECT_EQ(row_runs(pack_tightly(mask)), plain_runs(mask)) << width << " " << seed;
    }
  }
}

TEST(Runs, GiveTheMaskBack) {
  for (const int64_t width : {1, 63, 64, 65, 130}) {
    const Mask mask = random_mask(9, width, static_cast<uint64_t>(width));
    EXPECT_EQ(unpack(mask_of_runs(mask.size(), row_runs(pack_tightly(mask)))), mask) << width;
  }
}

TEST(Runs, OfFullAndEmptyMasks) {
  Mask full(3, 64);
  EXPECT_EQ(row_runs(pack_tightly(full)), std::vector<int64_t>{192});
  std::fill(full.pixels.begin(), full.pixels.end(), 1);
  EXPECT_EQ(row_runs(pack_tightly(full)), (std::vector<int64_t>{0, 192}));
  EXPECT_EQ(mask_of_runs({3, 64}, std::vector<int64_t>{192}).area, 0);
}

TEST(Runs, ThatAreWrongAreRefused) {
  const auto refusal = [](std::vector<int64_t> runs) { return error_of([&] { mask_of_runs({4, 5}, runs); }); };
  EXPECT_TRUE(contains(refusal({5, 5}), "add up to 10 pixels, the picture has 20"));
  EXPECT_TRUE(contains(refusal({5, 16}), "got 16 after 5"));
  EXPECT_TRUE(contains(refusal({5, 0, 15}), "got 0 after 5"));
  EXPECT_TRUE(contains(refusal({-1, 21}), "got -1"));
  EXPECT_FALSE(refusal({}).empty());
  EXPECT_EQ(refusal({0, 20}), "");
}

}  // namespace
}  // namespace hqsam
