// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/prompts.h"

#include <map>
#include <set>

#include "data/fixtures.h"
#include "golden.h"
#include "hqsam/image/plane.h"
#include "hqsam/prompt/batch.h"

namespace hqsam {
namespace {

constexpr int64_t kSide = 64;

const TensorMap& golden() {
  static const TensorMap map = testing_support::golden("prompts.safetensors");
  return map;
}

// The golden's cases by name: "0", "1", ...
std::vector<std::string> cases() {
  std::vector<std::string> names;
  const int64_t count = testing_support::count_numbered(golden(), "", ".gt");
  for (int64_t i = 0; i < count; ++i) names.push_back(std::to_string(i));
  return names;
}

torch::Tensor square_label(int64_t left, int64_t top, int64_t side) {
  torch::Tensor label = torch::zeros({1, kSide, kSide});
  label.slice(1, top, top + side).slice(2, left, left + side).fill_(255);
  return label;
}

torch::Tensor dots_label(int64_t count) {
  torch::Tensor label = torch::zeros({1, kSide, kSide});
  for (int64_t i = 0; i < count; ++i) label[0][3 * i][5 * i] = 255;
  return label;
}

std::map<PromptShape, int> drawn_shapes(const torch::Tensor& label, const std::vector<PromptOptions>& mixture,
                                        int draws) {
  std::map<PromptShape, int> counts;
  for (int i = 0; i < draws; ++i) {
    RandomStream stream{7, static_cast<uint64_t>(i)};
    ++counts[shape_of(draw_prompt(label, mixture, stream))];
  }
  return counts;
}

constexpr PromptShape kBoxAlone = {false, 0, true}, kMaskAlone = {true, 0, false};
constexpr PromptShape points_alone(int64_t count) { return {false, count, false}; }

}  // namespace

TEST(LabelBox, MatchesReference) {
  for (const std::string& i : cases()) {
    // The reference boxes masks of any shape, label_box squares: pad with outside.
    const torch::Tensor mask = golden().at(i + ".gt");
    const int64_t side = std::max(mask.size(1), mask.size(2));
    torch::Tensor label = torch::zeros({side, side});
    label.slice(0, 0, mask.size(1)).slice(1, 0, mask.size(2)).copy_(mask[0]);
    const auto box = label_box(label.data_ptr<float>(), side);
    ASSERT_TRUE(box);
    const torch::Tensor expected = golden().at(i + ".box");
    EXPECT_EQ(*box, (Box{expected[0][0].item<double>(), expected[0][1].item<double>(), expected[0][2].item<double>(),
                         expected[0][3].item<double>()}));
  }
}

TEST(LabelBox, TakesOnlyValuesAbove128) {
  std::vector<float> label(16, 128.0f);
  EXPECT_FALSE(label_box(label.data(), 4));
  label[6] = 128.5f;
  EXPECT_EQ(*label_box(label.data(), 4), (Box{2, 1, 2, 1}));
}

TEST(DrawPrompt, PointsAreDistinctAndInside) {
  RandomStream stream{1};
  const Prompt prompt = draw_prompt(square_label(20, 30, 5), {{{PromptType::kPoints}, 1, 25}}, stream);
  std::set<std::pair<float, float>> distinct;
  for (int64_t i = 0; i < 25; ++i) {
    const float x = prompt.points_in_input[i][0].item<float>(), y = prompt.points_in_input[i][1].item<float>();
    EXPECT_GE(x, 20);
    EXPECT_LT(x, 25);
    EXPECT_GE(y, 30);
    EXPECT_LT(y, 35);
    distinct.insert({x, y});
  }
  EXPECT_EQ(distinct.size(), 25u);
  EXPECT_TRUE(torch::equal(prompt.point_labels, torch::ones({25}, torch::kInt32)));
}

TEST(DrawPrompt, PointsHitEveryPixelEquallyOften) {
  const torch::Tensor label = square_label(0, 0, 4);
  RandomStream stream{3};
  torch::Tensor hits = torch::zeros({16}, torch::kInt64);
  for (int i = 0; i < 4000; ++i) {
    const auto points = draw_prompt(label, {{{PromptType::kPoints}, 1, 4}}, stream).points_in_input.to(torch::kInt64);
    for (int64_t p = 0; p < 4; ++p) hits[4 * points[p][1].item<int64_t>() + points[p][0].item<int64_t>()] += 1;
  }
  EXPECT_GE(hits.min().item<int64_t>(), 1000 - 130);  // over 4 standard deviations
  EXPECT_LE(hits.max().item<int64_t>(), 1000 + 130);
}

TEST(NoisyMask, MatchesReference) {
  for (const std::string& i : cases()) {
    const torch::Tensor noisy = noisy_mask(golden().at(i + ".mask256"), golden().at(i + ".normal.0"));
    EXPECT_TRUE(torch::equal(noisy, golden().at(i + ".noisy"))) << "case " << i;
  }
}

TEST(NoisyMask, RefusesOtherShapesAndTypes) {
  const torch::Tensor mask = torch::zeros({1, 1, 32, 32});
  EXPECT_THROW(noisy_mask(mask, torch::zeros({1, 1, 32, 16})), Error);
  EXPECT_THROW(noisy_mask(mask[0], mask), Error);
  EXPECT_THROW(noisy_mask(mask.to(torch::kDouble), mask), Error);
  EXPECT_THROW(noisy_mask(torch::zeros({1, 1, 4, 4}), torch::zeros({1, 1, 4, 4})), Error);
  EXPECT_THROW(noisy_mask({}, mask), Error);
}

TEST(ResizePlane, MatchesTorchsInterpolate) {
  for (const std::string& i : cases()) {
    const torch::Tensor mask = golden().at(i + ".gt").contiguous();
    const std::vector<float> got = resize_plane(mask.data_ptr<float>(), {mask.size(1), mask.size(2)}, {256, 256});
    const torch::Tensor expected = golden().at(i + ".mask256");
    for (size_t p = 0; p < got.size(); ++p) ASSERT_NEAR(got[p], expected.data_ptr<float>()[p], 1e-3f);
  }
}

TEST(MaskInputOfLabel, IsAQuarterOfTheLabel) {
  // At a quarter, torch's bilinear rule is the mean of the four pixels in the middle of each 4x4 block.
  const torch::Tensor label = torch::rand({1, kSide, kSide}) * 255;
  const torch::Tensor got = mask_input_of_label(label);
  const torch::Tensor blocks = label.reshape({kSide / 4, 4, kSide / 4, 4}).permute({0, 2, 1, 3});
  const torch::Tensor expected = blocks.slice(2, 1, 3).slice(3, 1, 3).mean({2, 3});
  EXPECT_LE((got[0][0] - expected).abs().max().item<float>(), 1e-3f);
  EXPECT_THROW(mask_input_of_label(torch::zeros({1, 64, 60})), Error);
  EXPECT_THROW(mask_input_of_label(torch::zeros({1, 66, 66})), Error);
}

TEST(DrawPrompt, FillsExactlyTheTensorOfItsType) {
  const torch::Tensor label = square_label(8, 16, 24);
  RandomStream stream{2};
  const Prompt box = draw_prompt(label, {{{PromptType::kBox}}}, stream);
  EXPECT_TRUE(torch::equal(box.box_in_input, torch::tensor({8.0f, 16.0f, 31.0f, 39.0f})));
  EXPECT_FALSE(box.points_in_input.defined() || box.mask_in_mask_input.defined());
  const Prompt points = draw_prompt(label, {{{PromptType::kPoints}, 1, 5}}, stream);
  EXPECT_EQ(points.points_in_input.sizes(), (std::vector<int64_t>{5, 2}));
  EXPECT_FALSE(points.box_in_input.defined() || points.mask_in_mask_input.defined());
  const Prompt mask = draw_prompt(label, {{{PromptType::kNoisyMask}}}, stream);
  EXPECT_EQ(mask.mask_in_mask_input.sizes(), (std::vector<int64_t>{1, kSide / 4, kSide / 4}));
  EXPECT_FALSE(mask.box_in_input.defined() || mask.points_in_input.defined());
  const torch::Tensor values = mask.mask_in_mask_input;
  EXPECT_TRUE(((values == 0) | (values == 255)).all().item<bool>());
  EXPECT_EQ(values[0][7][5].item<float>(), 255);  // the square's middle, away from its edges
}

TEST(DrawPrompt, FollowsTheWeights) {
  const auto counts =
      drawn_shapes(square_label(8, 16, 24),
                   {{{PromptType::kBox}, 2}, {{PromptType::kPoints}, 1}, {{PromptType::kNoisyMask}, 1}}, 2000);
  EXPECT_NEAR(counts.at(kBoxAlone), 1000, 100);
  EXPECT_NEAR(counts.at(points_alone(10)), 500, 90);
  EXPECT_NEAR(counts.at(kMaskAlone), 500, 90);
}

TEST(DrawPrompt, GivesSeveralTypesTogetherWhereTheEntryNamesThem) {
  const torch::Tensor label = square_label(8, 16, 24);
  RandomStream stream{2}, alone{2};
  const Prompt both = draw_prompt(label, {{{PromptType::kPoints, PromptType::kBox}, 1, 5}}, stream);
  EXPECT_EQ(shape_of(both), (PromptShape{false, 5, true}));
  EXPECT_TRUE(
      torch::equal(both.points_in_input, draw_prompt(label, {{{PromptType::kPoints}, 1, 5}}, alone).points_in_input));
  const Prompt masked = draw_prompt(label, {{{PromptType::kBox, PromptType::kNoisyMask}}}, stream);
  EXPECT_EQ(shape_of(masked), (PromptShape{true, 0, true}));
}

TEST(DrawPrompt, SharesTheWeightOfPointsWhereTheLabelHasTooFew) {
  const auto counts = drawn_shapes(
      dots_label(9), {{{PromptType::kBox}, 1}, {{PromptType::kPoints}, 8, 10}, {{PromptType::kNoisyMask}, 1}}, 1000);
  EXPECT_EQ(counts.size(), 2u);  // no points
  EXPECT_NEAR(counts.at(kBoxAlone), 500, 70);
}

TEST(DrawPrompt, GivesEveryPixelWhereTheMixtureIsPointsAlone) {
  RandomStream stream{2};
  const Prompt prompt = draw_prompt(dots_label(4), {{{PromptType::kPoints}, 1, 10}}, stream);
  EXPECT_EQ(shape_of(prompt), points_alone(4));
}

TEST(DrawPrompt, GivesANoisyMaskWhereTheLabelHasNoInside) {
  for (const PromptType type : {PromptType::kBox, PromptType::kPoints, PromptType::kNoisyMask}) {
    RandomStream stream{2};
    const Prompt prompt = draw_prompt(torch::zeros({1, kSide, kSide}), {{{type}}}, stream);
    EXPECT_EQ(shape_of(prompt), kMaskAlone);
    EXPECT_EQ(prompt.mask_in_mask_input.sum().item<float>(), 0);
  }
}

TEST(DrawPrompt, DependsOnItsStreamAlone) {
  const torch::Tensor label = square_label(8, 16, 24);
  RandomStream first{9}, second{9}, third{10};
  const std::vector<PromptOptions> mixture = {{{PromptType::kPoints}, 1, 10}};
  const torch::Tensor a = draw_prompt(label, mixture, first).points_in_input;
  EXPECT_TRUE(torch::equal(a, draw_prompt(label, mixture, second).points_in_input));
  EXPECT_FALSE(torch::equal(a, draw_prompt(label, mixture, third).points_in_input));
}

TEST(DrawPrompt, RefusesAnEmptyMixtureAndOtherLabels) {
  RandomStream stream{2};
  EXPECT_THROW(draw_prompt(square_label(0, 0, 4), {}, stream), Error);
  EXPECT_THROW(draw_prompt(torch::zeros({kSide, kSide}), {PromptOptions()}, stream), Error);
  EXPECT_THROW((PromptOptions{{PromptType::kPoints}, 1, 0}.validate()), Error);
  EXPECT_THROW((PromptOptions{{PromptType::kBox}, -1}.validate()), Error);
  EXPECT_THROW((PromptOptions{{PromptType::kBox, PromptType::kBox}}.validate()), Error);
  EXPECT_THROW((PromptOptions{.types = {}}.validate()), Error);
}

}  // namespace hqsam
