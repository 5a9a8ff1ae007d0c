// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "hqsam/core/error.h"
#include "hqsam/data/prompts.h"
#include "hqsam/prompt/batch.h"

// What 10,000 draws of each entry of a mixture look like beside what the entry says of itself. Tolerances are four
// standard deviations or more.
namespace hqsam {
namespace {

constexpr int64_t kSide = 128, kDraws = 10'000;
constexpr Size kPicture = {112, 96};  // of the square; the rest is padding

// An ellipse, so that boxes and areas differ, with a hole.
torch::Tensor ellipse_label() {
  torch::Tensor label = torch::zeros({1, kSide, kSide});
  for (int64_t y = 0; y < kSide; ++y) {
    for (int64_t x = 0; x < kSide; ++x) {
      const double dx = (static_cast<double>(x) - 48) / 20, dy = (static_cast<double>(y) - 56) / 30;
      const double r = dx * dx + dy * dy;
      if (r <= 1 && r >= 0.05) label[0][y][x] = 255;
    }
  }
  return label;
}
const Box kEllipseBox = {28, 26, 68, 86};

template <class Look>
void draw_all(const PromptOptions& entry, const Look& look, const torch::Tensor& known = {}) {
  const LabelSource source{ellipse_label(), kPicture, known};
  entry.validate();
  for (int64_t i = 0; i < kDraws; ++i) {
    RandomStream stream{11, static_cast<uint64_t>(i)};
    look(draw_prompt(source, {entry}, stream));
  }
}

struct Moments {
  void add(double value) { ++count, sum += value, squares += value * value; }
  double mean() const { return sum / count; }
  double deviation() const { return std::sqrt(squares / count - mean() * mean()); }
  double count = 0, sum = 0, squares = 0;
};

TEST(PromptDraws, ABoxIsOffByItsShareOfTheSide) {
  Moments off[4];
  draw_all({.noise = {0.05, 0}}, [&](const DrawnPrompt& drawn) {
    const float* box = drawn.prompt.box_in_input.data_ptr<float>();
    const double exact[] = {kEllipseBox.x0, kEllipseBox.y0, kEllipseBox.x1, kEllipseBox.y1};
    for (int i = 0; i < 4; ++i) off[i].add(box[i] - exact[i]);
  });
  for (int i = 0; i < 4; ++i) {
    const double expected = 0.05 * (i % 2 == 0 ? 41 : 61);  // the box's pixels across and down
    EXPECT_NEAR(off[i].mean(), 0, 0.05 * expected) << i;
    EXPECT_NEAR(off[i].deviation(), expected, 0.03 * expected) << i;
  }
}

TEST(PromptDraws, ABoxIsOffByAtMostItsCapWhichIsMeantForAnInputOf1024) {
  double most = 0;
  draw_all({.noise = {0.5, 24}}, [&](const DrawnPrompt& drawn) {
    const float* box = drawn.prompt.box_in_input.data_ptr<float>();
    const double exact[] = {kEllipseBox.x0, kEllipseBox.y0, kEllipseBox.x1, kEllipseBox.y1};
    for (int i = 0; i < 4; ++i) most = std::max(most, std::abs(box[i] - exact[i]));
  });
  EXPECT_NEAR(most, 24 * 128.0 / 1024, 1e-4);  // and it is reached
}

TEST(PromptDraws, ABoxThatIsFarOffStaysWithinThePictureWithItsCornersInOrder) {
  draw_all({.noise = {2, 0}}, [&](const DrawnPrompt& drawn) {
    const float* box = drawn.prompt.box_in_input.data_ptr<float>();
    ASSERT_TRUE(0 <= box[0] && box[0] <= box[2] && box[2] <= kPicture.width - 1);
    ASSERT_TRUE(0 <= box[1] && box[1] <= box[3] && box[3] <= kPicture.height - 1);
  });
}

TEST(PromptDraws, PointsComeInEveryNumberOfTheRangeAndLieWhereTheirLabelsSay) {
  const torch::Tensor label = ellipse_label();
  const auto at = label.accessor<float, 3>();
  std::map<int64_t, int> counts;
  Moments outside;  // of the points behind the first
  draw_all({.types = {PromptType::kPoints}, .count = 1, .most_count = 10, .negative = 0.3},
           [&](const DrawnPrompt& drawn) {
             const int64_t count = drawn.prompt.points_in_input.size(0);
             ++counts[count];
             const auto points = drawn.prompt.points_in_input.accessor<float, 2>();
             const auto labels = drawn.prompt.point_labels.accessor<int32_t, 1>();
             ASSERT_EQ(labels[0], 1);
             std::set<std::pair<float, float>> distinct;
             for (int64_t i = 0; i < count; ++i) {
               const auto x = static_cast<int64_t>(points[i][0]), y = static_cast<int64_t>(points[i][1]);
               ASSERT_EQ(at[0][y][x] > 128, labels[i] == 1);
               ASSERT_TRUE(x >= 28 - 11 && x <= 68 + 11 && y >= 26 - 16 && y <= 86 + 16);  // near the object
               distinct.insert({points[i][0], points[i][1]});
             }
             ASSERT_EQ(std::ssize(distinct), count);
             const auto negatives = static_cast<double>((drawn.prompt.point_labels == 0).sum().item<int64_t>());
             if (count > 1) outside.add(negatives / static_cast<double>(count - 1));
           });
  ASSERT_EQ(counts.size(), 10u);
  for (const auto& [count, times] : counts) EXPECT_NEAR(times, kDraws / 10, 130) << count;
  EXPECT_NEAR(outside.mean(), 0.3, 0.012);
}

TEST(PromptDraws, NegativePointsAvoidWhatNobodyKnowsAndThePadding) {
  torch::Tensor known = torch::zeros({1, kSide, kSide});
  known.slice(1, 80, 128).slice(2, 60, 128).fill_(1);  // it reaches into the padding
  draw_all(
      {.types = {PromptType::kPoints}, .count = 4, .negative = 1},
      [&](const DrawnPrompt& drawn) {
        const auto points = drawn.prompt.points_in_input.slice(0, 1);
        ASSERT_EQ(points.size(0), 3);
        ASSERT_TRUE((points.select(1, 0) >= 60).all().item<bool>() && (points.select(1, 1) >= 80).all().item<bool>());
        ASSERT_TRUE((points.select(1, 0) < kPicture.width).all().item<bool>());
        ASSERT_TRUE((points.select(1, 1) < kPicture.height).all().item<bool>());
      },
      known);
}

TEST(PromptDraws, ClicksAloneBeginWithABoxOrAPointEquallyOften) {
  std::map<PromptShape, int> shapes;
  draw_all({.types = {PromptType::kClicks}, .clicks = {3, 1}}, [&](const DrawnPrompt& drawn) {
    ++shapes[shape_of(drawn.prompt)];
    ASSERT_EQ(drawn.clicks, (ClickRounds{3, 1}));
  });
  ASSERT_EQ(shapes.size(), 2u);
  EXPECT_NEAR(shapes.at({false, 0, true}), kDraws / 2, 200);
  EXPECT_NEAR(shapes.at({false, 1, false}), kDraws / 2, 200);
}

TEST(PromptDraws, ClicksWithOtherTypesBeginWithThose) {
  for (const PromptType first : {PromptType::kBox, PromptType::kRoughMask}) {
    const LabelSource source{ellipse_label(), kPicture, {}};
    RandomStream stream{3};
    const DrawnPrompt drawn = draw_prompt(source, {{{first, PromptType::kClicks}}}, stream);
    EXPECT_EQ(shape_of(drawn.prompt), (PromptShape{first == PromptType::kRoughMask, 0, first == PromptType::kBox}));
    EXPECT_EQ(drawn.clicks, (ClickRounds{8, 2}));
  }
}

TEST(PromptDraws, EntriesComeByTheirWeightsAndOnlyThoseWithClicksHaveRounds) {
  const LabelSource source{ellipse_label(), kPicture, {}};
  const std::vector<PromptOptions> mixture = {
      {.types = {PromptType::kBox}, .weight = 4, .noise = {0.1, 20}},
      {.types = {PromptType::kPoints}, .weight = 2, .count = 2, .negative = 0.5},
      {.types = {PromptType::kBox, PromptType::kPoints}, .weight = 1, .count = 1},
      {.types = {PromptType::kBox, PromptType::kRoughMask}, .weight = 1},
      {.types = {PromptType::kPoints, PromptType::kRoughMask}, .weight = 1, .count = 3},
      {.types = {PromptType::kRoughMask, PromptType::kClicks}, .weight = 1}};
  const PromptShape expected[] = {{false, 0, true}, {false, 2, false}, {false, 1, true},
                                  {true, 0, true},  {true, 3, false},  {true, 0, false}};
  std::map<PromptShape, int> shapes;
  for (int64_t i = 0; i < kDraws; ++i) {
    RandomStream stream{12, static_cast<uint64_t>(i)};
    const DrawnPrompt drawn = draw_prompt(source, mixture, stream);
    ++shapes[shape_of(drawn.prompt)];
    EXPECT_EQ(drawn.clicks.rounds > 0, shape_of(drawn.prompt) == expected[5]);
  }
  ASSERT_EQ(shapes.size(), 6u);
  for (int i = 0; i < 6; ++i) EXPECT_NEAR(shapes.at(expected[i]), kDraws * mixture[i].weight / 10, 200) << i;
}

TEST(PromptDraws, RoughMasksAreOfEveryKindEquallyOftenAndWithinThePicture) {
  // The kinds as the entry's stream draws them: its first number is the entry's, the second the kind's.
  std::map<int64_t, int> kinds;
  for (int64_t i = 0; i < kDraws; ++i) {
    RandomStream stream{11, static_cast<uint64_t>(i)};
    stream.uniform();
    ++kinds[stream.below(std::ssize(kRoughKinds))];
  }
  ASSERT_EQ(std::ssize(kinds), std::ssize(kRoughKinds));
  for (const auto& [kind, times] : kinds) EXPECT_NEAR(times, kDraws / std::ssize(kRoughKinds), 140) << kind;
  draw_all({.types = {PromptType::kRoughMask}}, [&](const DrawnPrompt& drawn) {
    const torch::Tensor& mask = drawn.prompt.mask_in_mask_input;
    ASSERT_EQ(mask.sizes(), (std::vector<int64_t>{1, kSide / 4, kSide / 4}));
    const double inside = mask.slice(1, 0, kPicture.height / 4).slice(2, 0, kPicture.width / 4).sum().item<double>();
    ASSERT_GT(inside, 0);
    ASSERT_EQ(inside, mask.sum().item<double>());
  });
}

TEST(PromptOptions, RefusesWhatDoesNotGoTogether) {
  EXPECT_THROW((PromptOptions{.types = {PromptType::kNoisyMask, PromptType::kRoughMask}}.validate()), Error);
  EXPECT_THROW((PromptOptions{.types = {PromptType::kPoints}, .count = 5, .most_count = 4}.validate()), Error);
  EXPECT_THROW((PromptOptions{.types = {PromptType::kPoints}, .negative = 1.5}.validate()), Error);
  EXPECT_THROW((PromptOptions{.noise = {-0.1, 0}}.validate()), Error);
  EXPECT_THROW((PromptOptions{.noise = {0.1, std::nan("")}}.validate()), Error);
  EXPECT_THROW((PromptOptions{.types = {PromptType::kClicks}, .clicks = {0, 2}}.validate()), Error);
  const LabelSource outside{ellipse_label(), {kSide + 1, kSide}, {}};
  RandomStream stream{1};
  EXPECT_THROW(draw_prompt(outside, {PromptOptions()}, stream), Error);
}

}  // namespace
}  // namespace hqsam
