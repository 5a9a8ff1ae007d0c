// SPDX-License-Identifier: Apache-2.0
#include "hqsam/metrics/fine_structure.h"

#include <gtest/gtest.h>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

void fill(Mask& mask, int64_t left, int64_t top, int64_t width, int64_t height, uint8_t value = 1) {
  for (int64_t y = top; y < top + height; ++y) {
    for (int64_t x = left; x < left + width; ++x) mask.at(y, x) = value;
  }
}

// A block of 80 x 80 with a pole of 3 x 60 on top; diagonal 250, so a radius of 2 (3) pixels at 0.01.
Mask block_and_pole() {
  Mask mask(150, 200);
  fill(mask, 50, 65, 80, 80);
  fill(mask, 90, 5, 3, 60);
  return mask;
}

}  // namespace

TEST(ThinIou, LooksAtThinPartsAlone) {
  const Mask truth = block_and_pole();
  EXPECT_EQ(thin_iou(truth, truth), 1);
  Mask without_pole = truth, half_a_block = truth;
  fill(without_pole, 90, 5, 3, 58, 0);
  EXPECT_LT(*thin_iou(without_pole, truth), 0.2);
  fill(half_a_block, 50, 100, 80, 45, 0);
  EXPECT_EQ(thin_iou(half_a_block, truth), 1);
  Mask wide_pole = truth;
  fill(wide_pole, 88, 5, 7, 60);
  EXPECT_LT(*thin_iou(wide_pole, truth), 0.6);
}

TEST(ThinIou, IsNothingWhereNothingIsThin) {
  Mask block(150, 200);
  fill(block, 50, 65, 80, 80);
  EXPECT_FALSE(thin_iou(block, block));
  EXPECT_FALSE(thin_iou(block, Mask(150, 200)));
  EXPECT_THROW(thin_iou(block, Mask(15, 20)), Error);
}

TEST(HumanCorrectionEfforts, AreNoneForTheTruthAndForASlightlyMovedEdge) {
  const Mask truth = block_and_pole();
  EXPECT_EQ(human_correction_efforts(truth, truth).total(), 0);
  Mask moved = truth;
  fill(moved, 47, 65, 3, 80);
  EXPECT_EQ(human_correction_efforts(moved, truth).total(), 0);
}

TEST(HumanCorrectionEfforts, ARegionApartIsOneClick) {
  const Mask truth = block_and_pole();
  Mask two = truth;
  fill(two, 5, 5, 25, 25);
  fill(two, 160, 10, 30, 25);
  EXPECT_EQ(human_correction_efforts(two, truth).regions, 2);
  EXPECT_EQ(human_correction_efforts(two, truth).points, 0);
}

// The numbers are the published script's.
TEST(HumanCorrectionEfforts, EqualThePublishedCounts) {
  const Mask truth = block_and_pole();
  Mask lump = truth, ellipse = truth, bites = truth, ring = truth;
  fill(lump, 130, 80, 40, 40);
  for (int64_t y = 0; y < truth.height; ++y) {
    for (int64_t x = 0; x < truth.width; ++x) {
      const auto within = [&](int64_t left, int64_t top, int64_t radius) {
        return (x - left) * (x - left) + (y - top) * (y - top) < radius * radius;
      };
      if (4 * (x - 130) * (x - 130) + 9 * (y - 100) * (y - 100) < 3600) ellipse.at(y, x) = 1;
      if (within(60, 75, 20)) bites.at(y, x) = 0;
      if (within(125, 140, 15)) bites.at(y, x) = 1;
      if (within(90, 105, 22)) ring.at(y, x) = within(90, 105, 9);
    }
  }
  const auto counts = [&](const Mask& prediction) {
    const CorrectionEfforts efforts = human_correction_efforts(prediction, truth);
    return std::pair(efforts.points, efforts.regions);
  };
  EXPECT_EQ(counts(lump), std::pair(int64_t{2}, int64_t{0}));
  EXPECT_EQ(counts(ellipse), std::pair(int64_t{2}, int64_t{0}));
  EXPECT_EQ(counts(bites), std::pair(int64_t{8}, int64_t{0}));
  EXPECT_EQ(counts(ring), std::pair(int64_t{0}, int64_t{1}));
}

TEST(HumanCorrectionEfforts, AMissedPoleIsNotForgiven) {
  const Mask truth = block_and_pole();
  Mask without_pole = truth;
  fill(without_pole, 90, 5, 3, 60, 0);
  EXPECT_EQ(human_correction_efforts(without_pole, truth).points, 2);
  EXPECT_THROW(human_correction_efforts(truth, Mask(15, 20)), Error);
}

}  // namespace hqsam
