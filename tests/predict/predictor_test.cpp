// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/predictor.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "devices.h"
#include "golden.h"
#include "hqsam/image/resize.h"
#include "hqsam/model/checkpoint.h"
#include "hqsam/predict/tensor_image.h"
#include "predict/tiny_model.h"

namespace hqsam {
using namespace testing_support;
using ::testing::Test;

namespace {

Image image_of(const torch::Tensor& interleaved) {
  Image image(interleaved.size(0), interleaved.size(1), 3);
  std::memcpy(image.pixels.data(), interleaved.contiguous().data_ptr(), image.pixels.size());
  return image;
}

bool mentions(const std::string& message, const std::string& words) { return message.find(words) != std::string::npos; }

}  // namespace

class SamHqPredictGolden : public OverDevices {
 protected:
  SamHqPredictGolden()
      : map(golden("sam_hq_predict.safetensors")), model(load_sam_hq(golden_path("sam_hq_micro.pth"))) {
    model->to(GetParam());
  }
  PredictPrompt prompt() const {
    const auto box = map.at("box_in_image").view(-1);
    const auto points = map.at("points_in_image")[0];
    const auto labels = map.at("labels")[0];
    const auto number = [](const torch::Tensor& scalar) { return scalar.item<double>(); };
    PredictPrompt result;
    result.box = Box{number(box[0]), number(box[1]), number(box[2]), number(box[3])};
    for (int64_t i = 0; i < points.size(0); ++i) {
      result.points.push_back({number(points[i][0]), number(points[i][1])});
      result.point_labels.push_back(labels[i].item<int>());
    }
    return result;
  }
  void expect_prediction(Multimask multimask, const std::string& name) {
    SamPredictor predictor(model);
    predictor.set_image(image_of(map.at("image")));
    const Prediction prediction = predictor.predict(prompt(), {MaskKind::kSum, multimask, true});
    expect_close(prediction.low_res_logits, map.at(name + ".low_res")[0], 1e-4, name);
    expect_close(prediction.logits, map.at(name + ".logits")[0][0], 1e-4, name);
    EXPECT_NEAR(prediction.score, map.at(name + ".iou").item<double>(), 1e-4) << name;
    EXPECT_EQ(prediction.mask, mask_of_logits(prediction.logits)) << name;
    EXPECT_EQ(prediction.mask.size(), predictor.image_size()) << name;
  }
  TensorMap map;
  SamHq model;
};
OVER_DEVICES(SamHqPredictGolden);

TEST_P(SamHqPredictGolden, PictureIsResizedWithinOneOf255) {
  const Image image = image_of(map.at("image"));
  const Image resized = resize_antialiased(image, longest_side_size(image.size(), model->image_size()));
  const auto expected = map.at("resized").to(torch::kInt32).permute({2, 0, 1});
  const auto difference = (image_to_tensor(resized)[0].to(torch::kInt32) - expected).abs();
  EXPECT_LE(difference.max().item<int>(), 1);
}

TEST_P(SamHqPredictGolden, PictureIsNormalizedAndPaddedAsByTheReference) {
  expect_close(model->preprocess(image_to_tensor(image_of(map.at("resized"))).to(GetParam())), map.at("preprocessed"),
               1e-6);
}

TEST_P(SamHqPredictGolden, MatchesReferenceWithoutMultimask) { expect_prediction(Multimask::kNone, "multimask0"); }

TEST_P(SamHqPredictGolden, MatchesReferenceWithMultimask) { expect_prediction(Multimask::kBest, "multimask1"); }

class Predictor : public Test {
 protected:
  Predictor() : predictor(tiny_model()) { predictor.set_image(waves(40, 60)); }
  static PredictPrompt box(double x0, double y0, double x1, double y1) {
    PredictPrompt prompt;
    prompt.box = Box{x0, y0, x1, y1};
    return prompt;
  }
  std::string error_of(const PredictPrompt& prompt) {
    return message_of([&] { predictor.predict(prompt); });
  }
  SamPredictor predictor;
};

TEST_F(Predictor, GivesManyPromptsOfAllKindsTheResultsOfOneAtATimeInOrder) {
  std::vector<PredictPrompt> prompts;
  const auto mask = predictor.predict(box(5, 5, 40, 30)).low_res_logits;
  for (int i = 0; i < 40; ++i) {  // more than one decoder batch
    prompts.push_back(box(i, 2, i + 15, 35));
    if (i % 7 == 1)
      prompts.push_back({.box = {}, .points = {{30, 20}, {1.0 + i, 3}}, .point_labels = {1, 0}, .mask_input = {}});
    if (i % 9 == 2)
      prompts.push_back({.box = Box{3, 3, 50, 30}, .points = {{1.0 + i, 9}}, .point_labels = {}, .mask_input = {}});
    if (i % 11 == 3) prompts.push_back({.box = {}, .points = {}, .point_labels = {}, .mask_input = mask + i});
  }
  for (const MaskKind kind : {MaskKind::kSam, MaskKind::kHq, MaskKind::kSum}) {
    const auto together = predictor.predict(prompts, {kind, Multimask::kNone, true});
    ASSERT_EQ(together.size(), prompts.size());
    for (size_t i = 0; i < prompts.size(); i += 5) {
      const Prediction alone = predictor.predict(prompts[i], {kind, Multimask::kNone, true});
      expect_close(together[i].low_res_logits, alone.low_res_logits, 1e-4, std::to_string(i));
      EXPECT_NEAR(together[i].score, alone.score, 1e-4) << i;
    }
  }
}

TEST_F(Predictor, KindsOfMasksDiffer) {
  const auto low_res = [&](MaskKind kind) {
    return predictor.predict(box(5, 5, 40, 30), {kind, Multimask::kNone, true}).low_res_logits;
  };
  const auto sam = low_res(MaskKind::kSam), hq = low_res(MaskKind::kHq), sum = low_res(MaskKind::kSum);
  EXPECT_GT(relative_difference(sam, hq), 1e-3);
  EXPECT_GT(relative_difference(sum, hq), 1e-3);
  EXPECT_GT(relative_difference(sum - hq, sam), 1e-6);  // SAM's slot feels the HQ token
}

TEST_F(Predictor, GivesAllMasksOfEachPromptBestFirst) {
  const std::vector<PredictPrompt> prompts = {box(5, 5, 40, 30), {.points = {{30, 20}}}, box(10, 2, 50, 38)};
  const PredictOptions all{.multimask = Multimask::kAll}, best{.multimask = Multimask::kBest};
  const auto masks = predictor.predict(prompts, all);
  ASSERT_EQ(masks.size(), 9u);
  EXPECT_EQ(predictor.masks_per_prompt(all), 3);
  for (size_t i = 0; i < prompts.size(); ++i) {
    EXPECT_GE(masks[3 * i].score, masks[3 * i + 1].score);
    EXPECT_GE(masks[3 * i + 1].score, masks[3 * i + 2].score);
    EXPECT_GT(relative_difference(masks[3 * i].low_res_logits, masks[3 * i + 1].low_res_logits), 1e-3);
    const Prediction one = predictor.predict(prompts[i], best);
    expect_close(masks[3 * i].low_res_logits, one.low_res_logits, 1e-4);
    EXPECT_NEAR(masks[3 * i].score, one.score, 1e-4);
    EXPECT_EQ(predictor.predict(prompts[i], all).mask, masks[3 * i].mask);
  }
  EXPECT_EQ(predictor.predict(prompts, {MaskKind::kHq, Multimask::kAll}).size(), 3u);  // there is one HQ mask
}

TEST_F(Predictor, EarlierLogitsAreAPrompt) {
  PredictPrompt prompt = box(5, 5, 40, 30);
  const Prediction first = predictor.predict(prompt);
  prompt.mask_input = first.low_res_logits;
  EXPECT_GT(relative_difference(predictor.predict(prompt).low_res_logits, first.low_res_logits), 1e-3);
}

TEST_F(Predictor, PointsWithoutLabelsArePositive) {
  PredictPrompt prompt{.box = {}, .points = {{30, 20}, {10, 10}}, .point_labels = {}, .mask_input = {}};
  const auto implied = predictor.predict(prompt).low_res_logits;
  prompt.point_labels = {1, 1};
  EXPECT_TRUE(torch::equal(implied, predictor.predict(prompt).low_res_logits));
  prompt.point_labels = {1, 0};
  EXPECT_FALSE(torch::equal(implied, predictor.predict(prompt).low_res_logits));
}

TEST_F(Predictor, BoxesMayLeaveThePicture) {
  const Prediction prediction = predictor.predict(box(-20, -5, 200, 39));
  EXPECT_TRUE(prediction.logits.isfinite().all().item<bool>());
  EXPECT_GT(relative_difference(prediction.low_res_logits, predictor.predict(box(0, 0, 59, 39)).low_res_logits), 1e-3);
}

TEST_F(Predictor, FullLogitsCanBeLeftOut) {
  const Prediction prediction = predictor.predict(box(5, 5, 40, 30), {MaskKind::kSum, Multimask::kNone, false});
  EXPECT_FALSE(prediction.logits.defined());
  EXPECT_EQ(prediction.mask, predictor.predict(box(5, 5, 40, 30)).mask);
}

TEST_F(Predictor, HandsOutOnePredictionAtATime) {
  std::vector<PredictPrompt> prompts;
  for (int i = 0; i < 7; ++i) prompts.push_back(box(i, 2, i + 15, 35));
  prompts.insert(prompts.begin() + 3, {.box = {}, .points = {{30, 20}}, .point_labels = {}, .mask_input = {}});
  const auto together = predictor.predict(prompts, {.multimask = Multimask::kAll});
  std::vector<std::pair<size_t, int64_t>> order;
  const PredictOptions in_batches{.multimask = Multimask::kAll, .keep_logits = false, .batch = 3};
  predictor.predict(prompts, in_batches, [&](size_t prompt, int64_t rank, const Prediction& prediction) {
    order.emplace_back(prompt, rank);
    const Prediction& expected = together[prompt * 3 + static_cast<size_t>(rank)];
    expect_close(prediction.low_res_logits, expected.low_res_logits, 1e-4);
    EXPECT_NEAR(prediction.score, expected.score, 1e-4);
    EXPECT_EQ(prediction.mask.size(), (Size{40, 60}));
    EXPECT_FALSE(prediction.logits.defined());
  });
  std::vector<std::pair<size_t, int64_t>> expected;
  for (const size_t prompt : {0, 1, 2, 3, 4, 5, 6, 7}) {  // the point's batch begins third
    for (const int64_t rank : {0, 1, 2}) expected.emplace_back(prompt, rank);
  }
  EXPECT_EQ(order.size(), expected.size());
  EXPECT_TRUE(std::is_permutation(order.begin(), order.end(), expected.begin()));
  EXPECT_EQ(order[9], (std::pair<size_t, int64_t>{3, 0}));
}

TEST_F(Predictor, WhatItsCallerThrowsEndsIt) {
  int64_t count = 0;
  const std::string message = message_of([&] {
    predictor.predict({box(1, 2, 30, 35), box(2, 2, 30, 35)}, {}, [&](size_t, int64_t, const Prediction&) {
      ++count;
      fail("test", "enough");
    });
  });
  EXPECT_TRUE(mentions(message, "enough"));
  EXPECT_EQ(count, 1);
  EXPECT_TRUE(mentions(message_of([&] { predictor.predict(box(1, 2, 30, 35), {.batch = -1}); }), "at least 0, got -1"));
}

TEST_F(Predictor, MasksAreMadeAtAnySizeLater) {
  const Prediction whole = predictor.predict(box(5, 5, 40, 30));
  const Prediction bare = predictor.predict(box(5, 5, 40, 30), {.keep_mask = false});
  EXPECT_TRUE(bare.mask.pixels.empty());
  EXPECT_FALSE(bare.logits.defined());
  EXPECT_EQ(predictor.mask_at(bare.low_res_logits, {40, 60}), whole.mask);
  EXPECT_EQ(predictor.mask_at(bare.low_res_logits, {20, 30}).size(), (Size{20, 30}));
  EXPECT_TRUE(mentions(message_of([&] { predictor.mask_at(torch::zeros({16, 16}), {20, 30}); }), "[16,16]"));
}

TEST_F(Predictor, NeedsNoGradients) { EXPECT_FALSE(predictor.predict(box(5, 5, 40, 30)).logits.requires_grad()); }

TEST_F(Predictor, SaysWhatIsWrongWithAPrompt) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(mentions(error_of({}), "prompt 0 is empty"));
  EXPECT_TRUE(mentions(message_of([&] { predictor.predict(std::vector<PredictPrompt>{}); }), "no prompts"));
  EXPECT_TRUE(mentions(error_of(box(40, 5, 5, 30)), "x0 <= x1"));
  EXPECT_TRUE(mentions(error_of(box(5, 30, 40, 5)), "y0 <= y1"));
  EXPECT_TRUE(mentions(error_of(box(kNan, 5, 40, 30)), "nan"));
  EXPECT_TRUE(mentions(error_of(box(5, 5, kInfinity, 30)), "inf"));
  EXPECT_EQ(error_of(box(5, 5, 5, 5)), "");  // the box of a mask of one pixel

  PredictPrompt points{.box = {}, .points = {{1, 2}, {3, 4}}, .point_labels = {1}, .mask_input = {}};
  EXPECT_TRUE(mentions(error_of(points), "2 points have 1 labels"));
  points.point_labels = {1, 2};
  EXPECT_TRUE(mentions(error_of(points), "got 2"));
  points.point_labels = {};
  points.points[1].y = kNan;
  EXPECT_TRUE(mentions(error_of(points), "nan"));
  PredictPrompt labels = box(5, 5, 40, 30);
  labels.point_labels = {1};
  EXPECT_TRUE(mentions(error_of(labels), "0 points have 1 labels"));

  PredictPrompt mask{.box = {}, .points = {}, .point_labels = {}, .mask_input = torch::zeros({1, 8, 8})};
  EXPECT_TRUE(mentions(error_of(mask), "[1,16,16], got [1,8,8]"));
  mask.mask_input = torch::full({1, 16, 16}, kNan);
  EXPECT_TRUE(mentions(error_of(mask), "not finite"));
  EXPECT_TRUE(mentions(message_of([&] { predictor.predict({box(0, 0, 9, 9), box(9, 0, 0, 9)}); }), "prompt 1"));
}

TEST_F(Predictor, NeedsAPicture) {
  SamPredictor fresh(tiny_model());
  EXPECT_TRUE(mentions(message_of([&] { fresh.predict(box(0, 0, 9, 9)); }), "set_image first"));
}

TEST_F(Predictor, RefusesPicturesItCannotUseAndKeepsTheOneBefore) {
  const Prediction before = predictor.predict(box(5, 5, 40, 30));
  EXPECT_NE(message_of([&] { predictor.set_image(Image()); }), "");
  EXPECT_TRUE(mentions(message_of([&] { predictor.set_image(Image(40, 60, 1)); }), "RGB"));
  EXPECT_EQ(predictor.predict(box(5, 5, 40, 30)).mask, before.mask);
}

TEST_F(Predictor, TakesThePictureOfAThread) {
  predictor.set_image(Image(1, 3000, 3));
  EXPECT_EQ(predictor.predict(box(5, 0, 400, 0)).mask.size(), (Size{1, 3000}));
}

TEST_F(Predictor, ASamWithoutHqModulesHasSamsMasksOnly) {
  SamPredictor sam(tiny_model(without_hq(tiny_options())));
  sam.set_image(waves(40, 60));
  EXPECT_EQ(sam.predict(box(5, 5, 40, 30), {MaskKind::kSam, Multimask::kBest, true}).mask.size(), (Size{40, 60}));
  EXPECT_TRUE(mentions(message_of([&] { sam.predict(box(5, 5, 40, 30)); }), "no HQ modules"));
}

TEST(PostprocessMasks, CutsThePaddingOff) {
  auto low_res = torch::full({1, 1, 16, 16}, -1.0F);
  low_res.narrow(2, 0, 8).fill_(1);  // the upper half of the square, where the picture is
  const auto logits = postprocess_masks(low_res, 64, {30, 64}, {15, 32});
  EXPECT_EQ(logits.sizes(), (torch::IntArrayRef{1, 1, 15, 32}));
  EXPECT_GT(logits.min().item<float>(), 0);
  EXPECT_THROW(postprocess_masks(low_res, 64, {65, 64}, {15, 32}), Error);
}

TEST(MaskPrompt, KeepsTheAspectInAPaddedSquare) {
  Mask mask(60, 30);
  std::fill(mask.pixels.begin(), mask.pixels.end(), uint8_t{1});
  const auto prompt = mask_prompt(mask, 64, 16);
  ASSERT_EQ(prompt.sizes(), (torch::IntArrayRef{1, 16, 16}));
  EXPECT_TRUE((prompt.narrow(2, 0, 8) == 255).all().item<bool>());
  EXPECT_TRUE((prompt.narrow(2, 8, 8) == 0).all().item<bool>());
}

TEST(MaskPrompt, IsEmptyForAnEmptyMaskAndRefusesNone) {
  EXPECT_EQ(mask_prompt(Mask(20, 90), 64, 16).abs().max().item<float>(), 0);
  EXPECT_THROW(mask_prompt(Mask(), 64, 16), Error);
}

}  // namespace hqsam
