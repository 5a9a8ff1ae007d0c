// SPDX-License-Identifier: Apache-2.0
#include "hqsam/amg/label_map.h"

#include <gtest/gtest.h>

#include "hqsam/amg/tree.h"
#include "hqsam/core/error.h"

namespace hqsam {
namespace {

constexpr Size kPicture = {10, 100};

PackedMask rectangle(int64_t x0, int64_t y0, int64_t x1, int64_t y1) {
  Mask mask(kPicture.height, kPicture.width);
  for (int64_t y = y0; y < y1; ++y) {
    for (int64_t x = x0; x < x1; ++x) mask.at(y, x) = 1;
  }
  return pack_tightly(mask);
}

const PackedMask kWhole = rectangle(0, 0, 90, 10), kPart = rectangle(10, 2, 80, 8), kDetail = rectangle(60, 3, 70, 6),
                 kOther = rectangle(85, 0, 100, 5);

TEST(LabelMap, GivesAPixelToTheSmallestOrTheFirst) {
  const std::vector<const PackedMask*> masks = {&kWhole, &kDetail, &kPart, &kOther};
  const auto at = [](const std::vector<uint16_t>& labels, int64_t y, int64_t x) { return labels[y * 100 + x]; };
  const auto smallest = label_map(masks, kPicture, LabelOrder::kSmallest);
  EXPECT_EQ(at(smallest, 0, 0), 1);
  EXPECT_EQ(at(smallest, 4, 65), 2);
  EXPECT_EQ(at(smallest, 4, 20), 3);
  EXPECT_EQ(at(smallest, 1, 88), 4);
  EXPECT_EQ(at(smallest, 9, 95), 0);
  const auto best = label_map(masks, kPicture, LabelOrder::kBest);
  EXPECT_EQ(at(best, 4, 65), 1);
  EXPECT_EQ(at(best, 1, 88), 1);
  EXPECT_EQ(at(best, 1, 95), 4);
  EXPECT_THROW(label_map(masks, {10, 10}, LabelOrder::kBest), Error);
}

TEST(MaskTree, AMaskLiesInTheSmallestThatHoldsIt) {
  const auto parents = parents_of(std::vector<const PackedMask*>{&kDetail, &kWhole, &kOther, &kPart});
  EXPECT_EQ(parents[0], 3u);
  EXPECT_EQ(parents[1], std::nullopt);
  EXPECT_EQ(parents[2], std::nullopt);  // a third of it lies in the whole
  EXPECT_EQ(parents[3], 1u);
}

TEST(MaskTree, OfTwoEqualMasksOneHoldsTheOther) {
  const PackedMask again = kPart;
  const auto parents = parents_of(std::vector<const PackedMask*>{&kPart, &again});
  EXPECT_EQ(parents[0], std::nullopt);
  EXPECT_EQ(parents[1], 0u);
}

}  // namespace
}  // namespace hqsam
