// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "evaluate/memory_dataset.h"
#include "golden.h"
#include "hqsam/evaluate/click_rounds.h"
#include "hqsam/metrics/iou.h"

namespace hqsam {
using namespace testing_support;
using nlohmann::json;

class EvaluatePrompts : public ::testing::Test {
 protected:
  // Two pictures with categories; the first has two masks, a crowd and three boxes of a detector.
  static std::vector<Sample> annotated() {
    std::vector<Sample> samples = {ellipses(2)->get(0), ellipses(2)->get(1)};
    const Size size = samples[0].image.size();
    samples[0].labels.push_back(ellipse(size.height, size.width, 20, 15, 9, 6));
    samples[0].labels.push_back(ellipse(size.height, size.width, 70, 30, 8, 8));
    samples[0].infos = {{1}, {2}, {1, true}};
    samples[0].boxes = {{{20, 8, 60, 32}, 0.9, 1}, {{10, 8, 30, 22}, 0.8, 2}, {{60, 20, 80, 39}, 0.7, 1}};
    samples[1].infos = {{1}};
    for (Sample& sample : samples) sample.annotated = sample.detected = true;
    return samples;
  }
  static std::vector<NamedDataset> sets(std::vector<Sample> samples = annotated()) {
    return {{"a", std::make_shared<MemoryDataset>(std::move(samples))}};
  }
  EvaluateResult run(const std::vector<NamedDataset>& of) { return evaluate(model, of, options, *group); }

  SamHq model = tiny_model();
  EvaluateOptions options;
  const std::shared_ptr<Group> group = make_group();
};

TEST_F(EvaluatePrompts, CategoriesGiveAveragePrecisionBesideTheMeans) {
  const EvaluateResult result = run(sets());
  ASSERT_EQ(result.samples.size(), 3U);  // no prompt of the crowd
  for (const MaskKind kind : options.masks) {
    const auto& metrics = result.sets[0].metrics.at(kind);
    EXPECT_TRUE(metrics.count("miou") && metrics.count("ap") && metrics.count("ap_b_strict") && metrics.count("ar"));
  }
  EXPECT_EQ(result.sets[0].skipped, 0);
}

TEST_F(EvaluatePrompts, ADetectorsBoxesGiveAveragePrecisionAlone) {
  options.origin = PromptOrigin::kDetector;
  const EvaluateResult result = run(sets());
  EXPECT_TRUE(result.samples.empty());
  EXPECT_TRUE(result.mean.at(MaskKind::kHq).count("ap"));
  EXPECT_FALSE(result.mean.at(MaskKind::kHq).count("miou"));
  const json read = json::parse(results_json(result, options, "c.pth"));
  EXPECT_EQ(read.at("prompt"), "detector");
  EXPECT_TRUE(read.at("mean").at("sum").contains("ap_b"));
  EXPECT_NE(results_table(result).find("AP_B"), std::string::npos);
  EXPECT_NE(message_of([&] { run({{"plain", ellipses(1)}}); }).find("no detector's boxes"), std::string::npos);
  std::vector<NamedDataset> undetected = sets();
  Sample sample = undetected[0].dataset->get(0);
  sample.detected = false;
  undetected[0].dataset = std::make_shared<MemoryDataset>(std::vector<Sample>{sample});
  EXPECT_NE(message_of([&] { run(undetected); }).find("no detector's boxes"), std::string::npos);
}

TEST_F(EvaluatePrompts, CoarseMasksAreThePrompt) {
  options.origin = PromptOrigin::kCoarseMask;
  EXPECT_NE(message_of([&] { run({{"plain", ellipses(1)}}); }).find("coarse"), std::string::npos);
  std::vector<Sample> samples = {ellipses(1)->get(0)};
  for (const Label& label : samples[0].labels) samples[0].coarse.push_back(label.gray());
  for (const Protocol protocol : {Protocol::kReference, Protocol::kKeepAspect}) {
    options.protocol = protocol;
    EXPECT_EQ(run(sets(samples)).samples.size(), 1U);
    const PreparedSample prepared = prepare_sample(samples[0], 0, options, sizes_of(model));
    ASSERT_EQ(prepared.prompts.size(), 1U);
    EXPECT_FALSE(prepared.prompts[0].box_in_input.defined());
    const torch::Tensor mask = prepared.prompts[0].mask_in_mask_input;
    EXPECT_EQ(mask.sizes(), (std::vector<int64_t>{1, model->mask_input_size(), model->mask_input_size()}));
    EXPECT_TRUE(((mask == 0) | (mask == 255)).all().item<bool>());
  }
}

TEST_F(EvaluatePrompts, RoughMasksAreMeasuredThemselves) {
  options.prompt = PromptType::kRoughMask;
  options.rough_kinds = {RoughKind::kDilated};
  for (const Protocol protocol : {Protocol::kReference, Protocol::kKeepAspect}) {
    options.protocol = protocol;
    const EvaluateResult result = run({{"a", ellipses(3)}});
    const auto& metrics = result.mean.at(MaskKind::kHq);
    EXPECT_GT(metrics.at("prompt_miou"), 50);
    EXPECT_LT(metrics.at("prompt_miou"), 98);
    EXPECT_EQ(metrics.at("prompt_mbiou"), result.mean.at(MaskKind::kSam).at("prompt_mbiou"));
    const json line = json::parse(samples_jsonl(result).substr(0, samples_jsonl(result).find('\n')));
    EXPECT_EQ(line.at("prompt").at("iou").get<double>(), 100 * result.samples[0].prompt->iou);
    EXPECT_EQ(json::parse(results_json(result, options, "c.pth")).at("kinds"), json({"dilated"}));
  }
  EXPECT_FALSE(run({{"a", ellipses(1)}}).samples[0].prompt->iou == 0);
  options.prompt = PromptType::kBox;
  EXPECT_FALSE(run({{"a", ellipses(1)}}).samples[0].prompt);
}

TEST_F(EvaluatePrompts, BoxesThatAreOffLieWithinThePicture) {
  options.box_noise = {1, 0};
  for (const Protocol protocol : {Protocol::kReference, Protocol::kKeepAspect}) {
    options.protocol = protocol;
    for (int64_t i = 0; i < 20; ++i) {
      const PreparedSample prepared = prepare_sample(ellipses(1)->get(0), i, options, sizes_of(model));
      const Size input = prepared.picture.frame.input_size;
      const auto box = prepared.prompts.at(0).box_in_input;
      EXPECT_GE(box.min().item<double>(), 0);
      EXPECT_LT(box[2].item<double>(), input.width);
      EXPECT_LT(box[3].item<double>(), input.height);
    }
  }
}

// Of a disc that is whole and known but for a band around it, whatever is taken for the object in the band is no error.
TEST_F(EvaluatePrompts, NobodyClicksOnWhatNobodyKnows) {
  Sample sample = ellipses(1)->get(0);
  const Image label = sample.labels[0].gray();
  const Mask truth = threshold_label(label);
  sample.unknown = Image(truth.height, truth.width, 1);
  for (size_t i = 0; i < truth.pixels.size(); ++i) sample.unknown.pixels[i] = truth.pixels[i] ? 0 : 255;
  options.origin = PromptOrigin::kClicks;
  options.clicks = 4;
  const PreparedSample prepared = prepare_sample(sample, 0, options, sizes_of(model));
  PictureSession session(model, prepared.picture);
  const std::vector<ClickTrack> tracks = run_clicks(session, prepared, options, MaskKind::kSam);
  for (const Click& click : tracks[0].clicks) {
    EXPECT_TRUE(click.positive && truth.at(click.y, click.x));
  }
}

TEST_F(EvaluatePrompts, ClicksGiveACurveAndWhatSamPredictorWould) {
  options.origin = PromptOrigin::kClicks;
  options.protocol = Protocol::kKeepAspect;
  options.clicks = 3;
  const auto of = ellipses(2);
  const EvaluateResult result = run({{"a", of}});
  const auto& metrics = result.mean.at(MaskKind::kHq);
  EXPECT_GE(metrics.at("noc90"), 1);
  EXPECT_LE(metrics.at("noc90"), 3);
  EXPECT_TRUE(metrics.count("miou_click03"));
  for (size_t i = 0; i < 2; ++i) {
    const SampleResult::Scores& scores = result.samples[i].scores.at(MaskKind::kHq);
    ASSERT_EQ(scores.click_ious.size(), 3U);
    EXPECT_EQ(scores.click_ious.back(), scores.iou);
    ASSERT_EQ(scores.click_boundary_ious.size(), 3U);
    EXPECT_EQ(scores.click_boundary_ious.back(), scores.boundary_iou);
  }
  const json read = json::parse(results_json(result, options, "c.pth"));
  EXPECT_EQ(read.at("clicks").at("sam").at("miou").size(), 3U);
  EXPECT_NE(results_table(result).find("NoC@85"), std::string::npos);
  const SampleMasks last = evaluate_sample(model, of->get(0), 0, options, 0);
  EXPECT_EQ(last.prompt_in_image.points.size(), last.prompt_in_image.positive.size());
  EXPECT_EQ(mask_iou(last.masks.at(MaskKind::kHq), threshold_label(of->get(0).labels[0])),
            result.samples[0].scores.at(MaskKind::kHq).iou);

  // The first click of a mask, alone in its batch.
  const PreparedSample prepared = prepare_sample(of->get(0), 0, options, sizes_of(model));
  options.clicks = 1;
  PictureSession session(model, prepared.picture);
  const auto track = run_clicks(session, prepared, options, MaskKind::kSam);
  EXPECT_EQ(track[0].ious[0], result.samples[0].scores.at(MaskKind::kSam).click_ious[0]);
}

TEST_F(EvaluatePrompts, SeveralPromptsEncodeEachPictureOnceAndGiveWhatEachGivesAlone) {
  std::vector<EvaluateOptions> prompts(3, options);
  prompts[1].prompt = prompts[2].prompt = PromptType::kPoints;
  prompts[1].prompt_points = 1;
  prompts[2].prompt_points = 5;
  const auto of = ellipses(3);
  const auto results = evaluate_prompts(model, {{"a", of}}, prompts, *group);
  ASSERT_EQ(results.size(), 3U);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(samples_jsonl(results[i]), samples_jsonl(evaluate(model, {{"a", of}}, prompts[i], *group)));
  }
  EXPECT_EQ(prompt_label(prompts[0]), "box");
  EXPECT_EQ(prompt_label(prompts[2]), "points_5");
  prompts[1].protocol = Protocol::kKeepAspect;
  EXPECT_NE(message_of([&] {
              evaluate_prompts(model, {{"a", of}}, prompts, *group);
            }).find("must share"),
            std::string::npos);
}

TEST_F(EvaluatePrompts, RecallIsTheShareOfBoundaryIousAboveAThreshold) {
  const EvaluateResult result = run({{"a", ellipses(5)}});
  for (const int percent : {50, 70, 90}) {
    int64_t above = 0;
    for (const SampleResult& sample : result.samples)
      above += sample.scores.at(MaskKind::kSam).boundary_iou > percent / 100.0;
    EXPECT_NEAR(result.sets[0].metrics.at(MaskKind::kSam).at("recall" + std::to_string(percent)), 20.0 * above, 1e-9);
  }
}

TEST_F(EvaluatePrompts, FineStructureIsMeasuredWhereAskedFor) {
  EXPECT_FALSE(run({{"a", ellipses(2)}}).mean.at(MaskKind::kHq).count("hce"));
  options.fine_structure = true;
  const EvaluateResult result = run({{"a", ellipses(2)}});
  EXPECT_GE(result.mean.at(MaskKind::kHq).at("hce"), 0);
  const std::string line = samples_jsonl(result).substr(0, samples_jsonl(result).find('\n'));
  EXPECT_EQ(json::parse(line).at("sam").at("hce").get<int64_t>(), result.samples[0].scores.at(MaskKind::kSam).hce);
}

TEST_F(EvaluatePrompts, WhatAReaderLeftOutIsCounted) {
  auto samples = annotated();
  samples[1].skipped = 4;
  EXPECT_EQ(run(sets(samples)).sets[0].skipped, 4);
}

}  // namespace hqsam
