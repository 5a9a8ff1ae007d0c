// SPDX-License-Identifier: Apache-2.0
#include "hqsam/amg/proposals.h"

#include "golden.h"
#include "over_waves.h"

namespace hqsam {
using namespace testing_support;

namespace {

AmgOptions loose() { return loose_options(8); }

class Proposing : public OverWaves {};

TEST(GridRounds, ACoarseGridGoesFirstAndEachPointComesOnce) {
  const std::vector<GridPoint> points = grid_over({0, 0, 64, 64}, 32);
  ASSERT_EQ(points.size(), 1024u);
  int64_t counts[3] = {};
  for (const GridPoint& point : points) ++counts[point.round];
  EXPECT_EQ(counts[0], 64);
  EXPECT_EQ(counts[1], 192);
  EXPECT_EQ(counts[2], 768);
  EXPECT_EQ(points[33].in_crop, (Point{3, 3}));
  EXPECT_EQ(round_of(1, 5), 0);
  EXPECT_EQ(round_of(1, 3), 1);
  EXPECT_EQ(round_of(0, 3), 2);
}

TEST_F(Proposing, NoTwoMasksAreNearlyTheSameAndTheBestComeFirst) {
  for (const MaskKind kind : {MaskKind::kSam, MaskKind::kSum, MaskKind::kHq}) {
    AmgOptions options = loose();
    options.masks = kind;
    const auto masks = found(options);
    ASSERT_GT(masks.size(), 0u) << to_string(kind);
    for (size_t i = 0; i < masks.size(); ++i) {
      EXPECT_TRUE(masks[i].point);
      EXPECT_GT(masks[i].mask.area, 0);
      for (size_t j = 0; j < i; ++j) {
        EXPECT_GE(masks[j].predicted_iou, masks[i].predicted_iou);
        const Overlap both = overlap(masks[i].mask, masks[j].mask);
        EXPECT_LE(static_cast<double>(both.intersection), options.nms_iou * static_cast<double>(both.union_));
      }
    }
  }
}

TEST_F(Proposing, TheMasksAreTheSameForAnyBatchAndThreadCount) {
  const auto run = [&](int64_t batch, int threads) {
    AmgOptions options = loose();
    options.points_per_batch = batch;
    torch::set_num_threads(threads);
    auto masks = found(options);
    torch::set_num_threads(1);
    return masks;
  };
  const auto expected = run(64, 1);
  ASSERT_GT(expected.size(), 0u);
  for (const auto& [batch, threads] : {std::pair<int64_t, int>{1, 1}, {16, 1}, {16, 2}, {64, 2}}) {
    const auto masks = run(batch, threads);
    ASSERT_EQ(masks.size(), expected.size()) << batch << ", " << threads;
    for (size_t i = 0; i < masks.size(); ++i) {
      EXPECT_EQ(masks[i].mask, expected[i].mask) << batch << ", " << threads;
      EXPECT_EQ(masks[i].point, expected[i].point);
    }
  }
}

TEST_F(Proposing, PointsInTheSmallestThingsFoundAreSkipped) {
  AmgOptions options = loose();
  options.masks = MaskKind::kSam;
  CropSession crop(model, picture, {0, 0, picture.width, picture.height});
  const std::vector<GridPoint> grid = grid_over(crop.crop, 8);
  options.nms_iou = 1;
  std::vector<GridPoint> at_once = grid;
  for (GridPoint& point : at_once) point.round = 0;
  const auto all = proposals_of(crop, at_once, options), some = proposals_of(crop, grid, options);
  EXPECT_LT(some.size(), all.size());
  for (const Proposal& proposal : some) {
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const Proposal& other) {
      return other.point == proposal.point && other.mask == proposal.mask;
    }));
  }
}

TEST_F(Proposing, MasksOutsideOfTheAreasAreLeftOut) {
  AmgOptions options = loose();
  const auto all = found(options);
  ASSERT_GT(all.size(), 1u);
  std::vector<int64_t> areas;
  for (const FoundMask& mask : all) areas.push_back(mask.mask.area);
  std::sort(areas.begin(), areas.end());
  options.min_area = areas.front() + 1;
  for (const FoundMask& mask : found(options)) EXPECT_GE(mask.mask.area, options.min_area);
  options.min_area = 0;
  options.max_area = areas.back() - 1;
  for (const FoundMask& mask : found(options)) EXPECT_LE(mask.mask.area, options.max_area);
}

TEST_F(Proposing, BoxesStandForAGrid) {
  AmgOptions options = loose();
  options.nms_iou = 1;
  const std::vector<Box> boxes = {{5, 5, 40, 30}, {10, 2, 70, 48}};
  const AutomaticMaskGenerator generator(model, options);
  const auto masks = generator.of_boxes(picture, boxes);
  ASSERT_EQ(masks.size(), 2u);
  for (const FoundMask& mask : masks) {
    EXPECT_TRUE(mask.box == boxes[0] || mask.box == boxes[1]);
    EXPECT_FALSE(mask.point);
  }
  options.exact = true;
  EXPECT_NE(message_of([&] { AutomaticMaskGenerator(model, options).of_boxes(picture, boxes); }).find("no boxes"),
            std::string::npos);
  EXPECT_NE(message_of([&] { generator.of_boxes(picture, {}); }).find("got no boxes"), std::string::npos);
}

}  // namespace
}  // namespace hqsam
