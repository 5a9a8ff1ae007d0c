// SPDX-License-Identifier: Apache-2.0
#include "golden.h"
#include "hqsam/amg/suppress.h"
#include "hqsam/predict/predictor.h"
#include "over_waves.h"

namespace hqsam {
using namespace testing_support;

namespace {

AmgOptions loose() {
  AmgOptions options = loose_options(6);
  options.exact = true;
  return options;
}

class ExactGenerators : public OverWaves {};

TEST_F(ExactGenerators, GiveThePredictorsMasksOfEachPoint) {
  for (const MaskKind kind : {MaskKind::kSam, MaskKind::kSum, MaskKind::kHq}) {
    AmgOptions options = loose();
    options.masks = kind;
    options.nms_iou = 1;
    const auto masks = found(options);
    ASSERT_GT(masks.size(), 0u) << to_string(kind);
    SamPredictor predictor(model);
    predictor.set_image(picture);
    for (const FoundMask& mask : masks) {
      ASSERT_TRUE(mask.point);
      const bool sam = kind == MaskKind::kSam;
      const auto predictions =
          predictor.predict(std::vector<PredictPrompt>{{.points = {*mask.point}}},
                            {.masks = kind, .multimask = sam ? Multimask::kAll : Multimask::kBest});
      EXPECT_EQ(predictions.size(), sam ? 3u : 1u);
      EXPECT_TRUE(std::any_of(predictions.begin(), predictions.end(), [&](const Prediction& one) {
        const Overlap both = overlap(pack_tightly(one.mask), mask.mask);
        return std::abs(one.score - mask.predicted_iou) < 1e-5 && both.union_ - both.intersection <= 2;
      })) << to_string(kind);
      EXPECT_GE(mask.stability, options.min_stability);
    }
  }
}

TEST_F(ExactGenerators, FilterByPredictedIouAndSuppressByBoxes) {
  AmgOptions options = loose();
  options.masks = MaskKind::kSam;
  options.nms_iou = 1;
  const auto all = found(options);
  std::vector<double> scores;
  for (const FoundMask& mask : all) scores.push_back(mask.predicted_iou);
  ASSERT_TRUE(std::is_sorted(scores.rbegin(), scores.rend()));
  options.min_predicted_iou = scores[scores.size() / 2];
  const auto better = found(options);
  EXPECT_LT(better.size(), all.size());
  for (const FoundMask& mask : better) EXPECT_GT(mask.predicted_iou, options.min_predicted_iou - 1e-6);

  options.min_predicted_iou = 0;
  options.nms_iou = 0.7;
  std::vector<Box> boxes;
  for (const FoundMask& mask : all) boxes.push_back(*mask.mask.box);
  EXPECT_EQ(found(options).size(), suppress_boxes(boxes, scores, 0.7).size());
  EXPECT_LT(found(options).size(), all.size());
}

TEST_F(ExactGenerators, CropsGiveMasksWithinThemselvesAndNoneThatEndAtTheirEdges) {
  AmgOptions options = loose();
  options.crop_layers = 1;
  options.masks = MaskKind::kSam;
  picture = waves(800, 640);
  const auto masks = found(options);
  const auto of_crops = std::count_if(masks.begin(), masks.end(), [](const FoundMask& m) { return m.crop.layer == 1; });
  EXPECT_GT(of_crops, 0);
  for (const FoundMask& mask : masks) {
    const Box& box = *mask.mask.box;
    EXPECT_EQ(mask.mask.size, picture.size());
    EXPECT_GE(box.x0, mask.crop.x0);
    EXPECT_LT(box.x1, mask.crop.x1);
    EXPECT_LT(box.y1, mask.crop.y1);
    EXPECT_TRUE(mask.crop.x0 == 0 || box.x0 > static_cast<double>(mask.crop.x0) + 20);
  }
}

TEST_F(ExactGenerators, RemoveSmallRegions) {
  AmgOptions options = loose();
  options.masks = MaskKind::kSam;
  options.min_region = 60;
  for (const FoundMask& mask : found(options)) EXPECT_GT(mask.mask.area, 0);
}

TEST_F(ExactGenerators, RefuseOptionsThatMakeNoSense) {
  const auto error = [&](AmgOptions options) { return message_of([&] { AutomaticMaskGenerator(model, options); }); };
  EXPECT_NE(error({.points_per_side = 0}).find("points_per_side"), std::string::npos);
  EXPECT_NE(error({.min_predicted_iou = 1.5}).find("min_predicted_iou"), std::string::npos);
  EXPECT_NE(error({.points_per_side = 4, .crop_layers = 3, .crop_points_divisor = 2}).find("leaves no point"),
            std::string::npos);
  EXPECT_NE(error({.min_area = 5, .max_area = 4}).find("max_area"), std::string::npos);
  SamHq sam = tiny_model(without_hq(tiny_options()));
  EXPECT_NE(message_of([&] { AutomaticMaskGenerator(sam, {}); }).find("no HQ modules"), std::string::npos);
}

}  // namespace
}  // namespace hqsam
