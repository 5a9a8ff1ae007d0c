// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "devices.h"
#include "evaluate/memory_dataset.h"
#include "golden.h"
#include "hqsam/evaluate/prepare.h"
#include "hqsam/metrics/iou.h"
#include "hqsam/model/checkpoint.h"
#include "hqsam/predict/predictor.h"
#include "hqsam/predict/tensor_image.h"

namespace hqsam {
using namespace testing_support;

namespace {

Image planar_image(const torch::Tensor& planes) {
  const auto interleaved = planes.permute({1, 2, 0}).contiguous();
  Image image(interleaved.size(0), interleaved.size(1), interleaved.size(2));
  std::memcpy(image.pixels.data(), interleaved.data_ptr(), image.pixels.size());
  return image;
}

}  // namespace

class EvaluationProtocolGolden : public OverDevices {
 protected:
  EvaluationProtocolGolden()
      : map(golden("evaluation_protocol.safetensors")),
        model(load_sam_hq(golden_path("sam_hq_micro.pth"))),
        sample(sample_of("golden", planar_image(map.at("image")), {planar_image(map.at("label").unsqueeze(0))})),
        prepared(prepare_sample(sample, 0, options, sizes_of(model))) {
    model->to(GetParam());
  }
  const std::vector<MaskKind> kinds = {MaskKind::kSam, MaskKind::kHq, MaskKind::kSum};
  EvaluateOptions options;
  TensorMap map;
  SamHq model;
  Sample sample;
  PreparedSample prepared;
};
OVER_DEVICES(EvaluationProtocolGolden);

TEST_P(EvaluationProtocolGolden, SquashesThePictureAndFindsTheBox) {
  const auto difference =
      prepared.picture.pixels_in_input[0].to(torch::kInt32) - map.at("squashed_image").to(torch::kInt32);
  EXPECT_EQ(difference.abs().max().item<int>(), 0);
  ASSERT_EQ(prepared.prompts.size(), 1U);
  EXPECT_TRUE(torch::equal(prepared.prompts[0].box_in_input, map.at("box_in_input")[0]));
}

TEST_P(EvaluationProtocolGolden, MatchesLogitsMasksAndMetricsOfAllKinds) {
  PictureSession session(model, prepared.picture);
  size_t count = 0;
  session.decode(prepared.prompts, {.kinds = kinds, .scores = false}, [&](const Decoded& decoded) {
    const std::string name = to_string(decoded.kind);
    expect_close(decoded.low_res, map.at(name + ".low_res"), 1e-4, name);
    FrameRoom room;
    const Mask mask = unpack(session.mask_in_image(decoded.low_res, room));
    const Mask truth = unpack(*prepared.truths[0]);
    Mask expected(mask.height, mask.width);
    const auto pixels = map.at(name + ".mask").contiguous();
    ASSERT_EQ(pixels.numel(), static_cast<int64_t>(expected.pixels.size()));
    std::memcpy(expected.pixels.data(), pixels.data_ptr(), expected.pixels.size());
    EXPECT_EQ(mask, expected) << name;
    EXPECT_NEAR(mask_iou(mask, truth), map.at(name + ".iou").item<double>(), 1e-6) << name;
    EXPECT_NEAR(boundary_iou(mask, truth), map.at(name + ".biou").item<double>(), 1e-6) << name;
    ++count;
  });
  EXPECT_EQ(count, kinds.size());
}

TEST_P(EvaluationProtocolGolden, TheHqMaskAloneIsTheSameAsBesideTheSum) {
  PictureSession session(model, prepared.picture);
  session.decode(prepared.prompts, {.kinds = {MaskKind::kHq}, .scores = false}, [&](const Decoded& decoded) {
    EXPECT_EQ(decoded.kind, MaskKind::kHq);
    expect_close(decoded.low_res, map.at("hq.low_res"), 1e-4);
  });
}

TEST_P(EvaluationProtocolGolden, EvaluateGivesTheSameNumbersInPercent) {
  const std::shared_ptr<Group> group = make_group();
  const auto dataset = std::make_shared<MemoryDataset>(std::vector<Sample>{sample});
  const EvaluateResult result = evaluate(model, {{"golden", dataset}}, options, *group);
  for (const MaskKind kind : kinds) {
    const std::string name = to_string(kind);
    EXPECT_NEAR(result.mean.at(kind).at("miou"), 100 * map.at(name + ".iou").item<double>(), 1e-4) << name;
    EXPECT_NEAR(result.mean.at(kind).at("mbiou"), 100 * map.at(name + ".biou").item<double>(), 1e-4) << name;
  }
}

TEST(KeepAspectProtocol, IsWhatSamPredictorDoesWithTheBoxOfTheLabel) {
  SamHq model = tiny_model();
  const Sample sample = sample_of("a", waves(45, 80), {ellipse(45, 80, 40, 20, 25, 14)});
  EvaluateOptions options;
  options.protocol = Protocol::kKeepAspect;
  const SampleMasks masks = evaluate_sample(model, sample, 0, options);

  SamPredictor predictor(model);
  predictor.set_image(sample.image);
  PredictPrompt prompt;
  prompt.box = bounding_box(threshold_label(sample.labels[0]));
  for (const MaskKind kind : options.masks) {
    EXPECT_EQ(masks.masks.at(kind), predictor.predict(prompt, {kind, Multimask::kNone, true}).mask) << to_string(kind);
  }
  ASSERT_TRUE(masks.prompt_in_image.box.has_value());
  EXPECT_NEAR(masks.prompt_in_image.box->x0, prompt.box->x0, 1e-3);
  EXPECT_NEAR(masks.prompt_in_image.box->y1, prompt.box->y1, 1e-3);
}

TEST(Protocols, DrawEachPromptFromItsOwnStream) {
  const auto sample = sample_of("a", waves(64, 64), {ellipse(64, 64, 20, 20, 15, 15), ellipse(64, 64, 40, 40, 15, 15)});
  EvaluateOptions options;
  options.prompt = PromptType::kPoints;
  options.prompt_points = 5;
  const ModelSizes sizes{64, 16};
  const auto both = prepare_sample(sample, 3, options, sizes);
  ASSERT_EQ(both.prompts.size(), 2U);
  EXPECT_EQ(both.prompts[0].points_in_input.sizes(), (torch::IntArrayRef{5, 2}));
  EXPECT_TRUE(torch::equal(both.prompts[1].points_in_input,
                           prepare_sample(sample, 3, options, sizes, 1).prompts[0].points_in_input));
  EXPECT_FALSE(torch::equal(both.prompts[1].points_in_input,
                            prepare_sample(sample, 4, options, sizes, 1).prompts[0].points_in_input));
  options.seed = 1;
  EXPECT_FALSE(torch::equal(both.prompts[1].points_in_input,
                            prepare_sample(sample, 3, options, sizes, 1).prompts[0].points_in_input));
}

TEST(Protocols, PointsLieInsideTheLabelInThePicturesFrame) {
  SamHq model = tiny_model();
  const Sample sample = sample_of("a", waves(100, 180), {ellipse(100, 180, 120, 60, 40, 30)});
  const Mask truth = threshold_label(sample.labels[0]);
  EvaluateOptions options;
  options.prompt = PromptType::kPoints;
  for (const Protocol protocol : {Protocol::kReference, Protocol::kKeepAspect}) {
    options.protocol = protocol;
    const SampleMasks masks = evaluate_sample(model, sample, 0, options, 9);
    EXPECT_EQ(masks.prompt_in_image.points.size(), 10U);
    int inside = 0;
    for (const Point& point : masks.prompt_in_image.points) {
      inside += truth.at(std::lround(point.y + 0.8), std::lround(point.x + 1.4));  // of the pixels it stands for
    }
    EXPECT_GE(inside, 9) << to_string(protocol);
  }
}

TEST(Protocols, ARoughMaskPromptLooksLikeTheLabel) {
  SamHq model = tiny_model();
  const Sample sample = sample_of("a", waves(100, 180), {ellipse(100, 180, 90, 50, 70, 40)});
  EvaluateOptions options;
  options.prompt = PromptType::kNoisyMask;
  for (const Protocol protocol : {Protocol::kReference, Protocol::kKeepAspect}) {
    options.protocol = protocol;
    const SampleMasks masks = evaluate_sample(model, sample, 0, options);
    ASSERT_TRUE(masks.prompt_in_image.rough_mask.has_value());
    const double iou = mask_iou(*masks.prompt_in_image.rough_mask, threshold_label(sample.labels[0]));
    EXPECT_GT(iou, 0.4) << to_string(protocol);
    EXPECT_LT(iou, 0.999) << to_string(protocol);
  }
}

TEST(Protocols, SkipMasksWithoutAnInside) {
  Sample sample =
      sample_of("a", waves(64, 64), {Image(64, 64, 1, 128), ellipse(64, 64, 40, 40, 15, 15), Image(64, 64, 1)});
  EvaluateOptions options;
  for (const PromptType prompt : {PromptType::kBox, PromptType::kPoints, PromptType::kNoisyMask}) {
    for (const Protocol protocol : {Protocol::kReference, Protocol::kKeepAspect}) {
      options.prompt = prompt;
      options.protocol = protocol;
      const PreparedSample prepared = prepare_sample(sample, 0, options, {64, 16});
      EXPECT_EQ(prepared.skipped, 2);
      EXPECT_EQ(prepared.mask_indexes, (std::vector<int64_t>{1}));
    }
  }
  SamHq model = tiny_model();
  EXPECT_NE(message_of([&] { evaluate_sample(model, sample, 0, options); }).find("no inside"), std::string::npos);
  EXPECT_NE(message_of([&] { evaluate_sample(model, sample, 3, options); }).find("number 3"), std::string::npos);
}

TEST(Protocols, RefuseALabelOfAnotherSize) {
  const Sample sample = sample_of("a", waves(64, 64), {Image(64, 63, 1, 255)});
  const std::string message = message_of([&] { prepare_sample(sample, 0, {}, {64, 16}); });
  EXPECT_NE(message.find("pictures/a.jpg: mask 0 is 63x64"), std::string::npos) << message;
}

}  // namespace hqsam
