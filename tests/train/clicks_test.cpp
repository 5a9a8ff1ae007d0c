// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "hqsam/train/training_clicks.h"
#include "thread_group.h"
#include "train/run_fixture.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kDraws = 10'000;

std::vector<PromptOptions> mixture(bool every) {
  return {{.types = {PromptType::kClicks}, .weight = 2, .noise = {0.1, 20}, .clicks = {2, 1, every}},
          {.types = {PromptType::kRoughMask, PromptType::kClicks}, .clicks = {1, 0, every}},
          {.types = {PromptType::kPoints}, .count = 1, .most_count = 3, .negative = 0.5},
          {.types = {PromptType::kOwnMask}, .noise = {0.2, 0}},
          {.types = {PromptType::kBox, PromptType::kRoughMask}, .noise = {0.2, 0}},
          {.types = {PromptType::kBox, PromptType::kOwnMask, PromptType::kClicks}, .clicks = {1, 0, every}}};
}

TrainingSet click_set(int64_t size, bool every = true, AugmentOptions augment = tiny::row_options().augment) {
  RowOptions rows = tiny::row_options();
  rows.prompts = mixture(every);
  rows.augment = augment;
  return TrainingSet({{std::make_shared<tiny::DiscDataset>(size), 1.0}}, rows);
}

std::vector<TrainingRow> click_rows(int64_t count, bool every = true) {
  return Loader(click_set(count, every), 0, 0, count, 0, 1).next(count);
}

TrainOptions options_of(Objective objective, Trainable trainable) {
  TrainOptions options = tiny::train_options();
  options.objective = objective;
  options.trainable = trainable;
  return options;
}

Trainer make_trainer(const TrainOptions& options) { return Trainer(tiny::make_model(), options, make_group()); }

const std::vector<TrainOptions> kObjectives = {
    options_of(Objective::kHq, Trainable::kHq), options_of(Objective::kSam, Trainable::kAll),
    options_of(Objective::kSamMask, Trainable::kDecoder), options_of(Objective::kHq, Trainable::kLora)};

TEST(DrawRounds, EndsWithAPauseAndDrawsTheOthers) {
  std::map<int64_t, int> pauses, losses;
  for (int64_t batch = 0; batch < kDraws; ++batch) {
    const auto rounds = draw_rounds({8, 2, false}, 7, 1, batch);
    ASSERT_EQ(rounds.size(), 11u);  // SAM's
    ASSERT_FALSE(rounds[0].click);
    ASSERT_TRUE(rounds[1].click);
    ASSERT_FALSE(rounds[10].click);
    ASSERT_TRUE(rounds[10].loss);
    ASSERT_EQ(std::count_if(rounds.begin(), rounds.end(), [](const Round& round) { return round.click; }), 8);
    ASSERT_EQ(std::count_if(rounds.begin(), rounds.end(), [](const Round& round) { return round.loss; }), 2);
    for (int64_t i = 0; i < 10; ++i) {
      if (i > 0 && !rounds[i].click) ++pauses[i];
      if (rounds[i].loss) ++losses[i];
    }
  }
  ASSERT_EQ(pauses.size(), 7u);  // rounds 2 to 8: before the last click
  for (const auto& [round, times] : pauses) EXPECT_NEAR(times, kDraws / 7, 160) << round;
  ASSERT_EQ(losses.size(), 10u);
  for (const auto& [round, times] : losses) EXPECT_NEAR(times, kDraws / 10, 130) << round;
}

TEST(DrawRounds, HasALossInEveryRoundWhereAsked) {
  for (const ClickRounds clicks : {ClickRounds{1, 0}, ClickRounds{1, 3}, ClickRounds{4, 1}}) {
    const auto rounds = draw_rounds(clicks, 7, 1, 3);
    EXPECT_EQ(std::ssize(rounds), 1 + clicks.rounds + clicks.pauses);
    for (const Round& round : rounds) EXPECT_TRUE(round.loss);
  }
}

// Errors: a strip that is missed, a square that is too much, and a part that nobody knows or that is padding.
TEST(DrawErrorPoints, DrawsEveryErrorEquallyOftenAndNothingElse) {
  constexpr int64_t kSide = 32;
  torch::Tensor label = torch::zeros({1, 1, kSide, kSide}), logits = torch::full({1, 1, kSide, kSide}, -3.0f);
  label.slice(2, 4, 12).slice(3, 4, 20).fill_(1);
  logits.slice(2, 4, 12).slice(3, 4, 18).fill_(3);   // misses 2 x 8 pixels
  logits.slice(2, 20, 24).slice(3, 8, 14).fill_(3);  // 24 pixels too many
  logits.slice(2, 28, 32).fill_(3);                  // in what is not clickable
  torch::Tensor clickable = torch::ones({1, 1, kSide, kSide}, torch::kBool);
  clickable.slice(2, 28, 32).fill_(false);
  const auto rows = [&](const torch::Tensor& tensor) { return tensor.expand({kDraws, -1, -1, -1}); };
  std::vector<TrainingRow> keyed(kDraws);
  std::vector<const TrainingRow*> pointers;
  for (int64_t i = 0; i < kDraws; ++i) keyed[i].position = i, pointers.push_back(&keyed[i]);
  const auto keys = click_keys(pointers, 7, 0, 1, torch::kCPU);
  const NewPoints drawn = draw_error_points(rows(logits), rows(label), rows(clickable), keys);
  std::map<std::pair<int64_t, int64_t>, int> hits;
  for (int64_t i = 0; i < kDraws; ++i) {
    const auto x = static_cast<int64_t>(drawn.points[i][0][0].item<float>());
    const auto y = static_cast<int64_t>(drawn.points[i][0][1].item<float>());
    const bool missed = x >= 18 && x < 20 && y >= 4 && y < 12, extra = x >= 8 && x < 14 && y >= 20 && y < 24;
    ASSERT_TRUE(missed || extra) << x << " " << y;
    ASSERT_EQ(drawn.labels[i][0].item<int>(), missed ? 1 : 0);
    ++hits[{x, y}];
  }
  EXPECT_EQ(hits.size(), 40u);
  for (const auto& [pixel, times] : hits) EXPECT_NEAR(times, kDraws / 40, 70) << pixel.first << " " << pixel.second;
}

TEST(DrawErrorPoints, GivesAPointThatSaysNothingWhereNoErrorIsLeft) {
  const torch::Tensor label = torch::rand({3, 1, 16, 16}).round();
  const torch::Tensor all = torch::ones({3, 1, 16, 16}, torch::kBool), keys = torch::tensor({1, 2, 3}, torch::kInt64);
  const NewPoints none = draw_error_points(label - 0.5, label, all, keys);
  EXPECT_TRUE((none.labels == -1).all().item<bool>());
  EXPECT_TRUE((none.points == 0).all().item<bool>());
  EXPECT_THROW(draw_error_points(label.slice(0, 0, 2), label, all, keys), Error);
}

TEST(DrawErrorPoints, HardlyMovesWhereAnErrorMoreIsThere) {
  const torch::Tensor label = torch::zeros({200, 1, 16, 16}), all = torch::ones({200, 1, 16, 16}, torch::kBool);
  torch::Tensor logits = torch::full({200, 1, 16, 16}, -1.0f);
  logits.slice(2, 4, 12).slice(3, 4, 12).fill_(1);  // 64 errors
  const torch::Tensor keys = torch::arange(200, torch::kInt64) * 7919 + 3;
  const NewPoints before = draw_error_points(logits, label, all, keys);
  logits.select(2, 0).select(2, 0).fill_(1);
  const NewPoints after = draw_error_points(logits, label, all, keys);
  EXPECT_LT((before.points != after.points).any(2).sum().item<int64_t>(), 12);  // about 200 / 65
}

TEST(ClickablePixels, LeavesOutThePaddingAndWhatNobodyKnows) {
  TrainingRow row;
  row.label = torch::zeros({1, 8, 8});
  const std::vector<const TrainingRow*> rows = {&row};
  EXPECT_THROW(clickable_pixels(rows, torch::kCPU), Error);
  row.picture = {6, 4};
  EXPECT_EQ(clickable_pixels(rows, torch::kCPU).sum().item<int64_t>(), 24);
  row.known = torch::ones({1, 8, 8});
  row.known.slice(1, 0, 2).fill_(0);
  EXPECT_EQ(clickable_pixels(rows, torch::kCPU).sum().item<int64_t>(), 16);
}

TEST(TrainingClicks, LowerTheLossOfEveryObjective) {
  for (const TrainOptions& options : kObjectives) {
    Trainer trainer = make_trainer(options);
    const auto rows = click_rows(6);
    ASSERT_TRUE(std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row.clicks.rounds > 0; }));
    const double first = trainer.step(rows, 0).loss;
    double last = 0;
    for (int i = 0; i < 40; ++i) last = trainer.step(rows, 0).loss;
    EXPECT_LT(last, 0.9 * first);
    EXPECT_TRUE(trainer.is_finite());
  }
}

TEST(TrainingClicks, GiveTheSameGradientsForAnyMicroBatchAndOrderOfRows) {
  for (TrainOptions options : kObjectives) {
    for (const bool every : {true, false}) {
      auto rows = click_rows(8, every);
      options.batch_size = 8;
      options.micro_batch = 1;
      Trainer one = make_trainer(options);
      options.micro_batch = 8;
      Trainer eight = make_trainer(options);
      const double loss = one.step(rows, 0).loss;
      std::reverse(rows.begin(), rows.end());
      EXPECT_NEAR(eight.step(rows, 0).loss, loss, 1e-5);
      for (size_t i = 0; i < one.parameters().size(); ++i) {
        const auto grad = one.parameters()[i].second.grad(), other = eight.parameters()[i].second.grad();
        EXPECT_LT((grad - other).abs().max().item<double>(), 1e-4 * grad.abs().max().item<double>() + 1e-7)
            << one.parameters()[i].first;
      }
    }
  }
}

TEST(TrainingClicks, ComeToTheSameBitsTwiceAndFromAState) {
  for (const TrainOptions& options : kObjectives) {
    const auto rows = click_rows(5, /*every=*/false);
    Trainer whole = make_trainer(options), before = make_trainer(options), after = make_trainer(options);
    for (int i = 0; i < 4; ++i) whole.step(rows, i);
    for (int i = 0; i < 2; ++i) before.step(rows, i);
    after.load_state(before.state());
    for (int i = 2; i < 4; ++i) after.step(rows, i);
    EXPECT_TRUE(tiny::differing(tiny::copy_weights(whole.model()), tiny::copy_weights(after.model())).empty());
  }
}

TEST(OwnMask, IsWhatSamMakesOfTheBox) {
  TrainOptions options = kObjectives[0];
  auto rows = click_rows(3);
  for (TrainingRow& row : rows) {
    row.clicks = {};
    row.own_mask = OwnMask::kInstead;
    row.prompt = {.box_in_input = torch::tensor({10.0f, 12.0f, 40.0f, 44.0f})};
  }
  Trainer own = make_trainer(options), given = make_trainer(options);
  SamHq model = tiny::make_model();
  auto masked = rows;
  for (TrainingRow& row : masked) {
    const torch::NoGradGuard no_grad;
    const PromptTensors box{{}, {}, row.prompt.box_in_input.unsqueeze(0), {}};
    const auto features = model->encode(row.image.unsqueeze(0));
    const auto mask = model->decode(features, {}, box, DecoderPass::kSam).masks_sam.narrow(1, 0, 1);
    row.own_mask = OwnMask::kNone;
    row.prompt = {.mask_in_mask_input = (mask[0] > 0).to(torch::kFloat32) * 255};
  }
  EXPECT_NEAR(own.step(rows, 0).loss, given.step(masked, 0).loss, 1e-6);
  for (size_t i = 0; i < 3; ++i) {
    rows[i].own_mask = OwnMask::kBeside;
    masked[i].prompt.box_in_input = rows[i].prompt.box_in_input;
  }
  EXPECT_NEAR(own.step(rows, 1).loss, given.step(masked, 1).loss, 1e-5);
}

TEST(TrainingClicks, AreDrawnByEpochAndPosition) {
  auto rows = click_rows(4);
  for (TrainingRow& row : rows) row.clicks = {2, 0, true};
  const auto loss_of = [&](int64_t epoch) { return make_trainer(kObjectives[0]).step(rows, epoch).loss; };
  EXPECT_EQ(loss_of(0), loss_of(0));
  EXPECT_NE(loss_of(0), loss_of(1));
}

TEST(TrainingClicks, MakeTheSameStepOnTwoRanks) {
  const auto rows = click_rows(8);
  TrainOptions options = kObjectives[0];
  options.batch_size = 8;
  Trainer alone = make_trainer(options);
  const double loss = alone.step(rows, 0).loss;
  std::vector<double> losses(2);
  std::vector<torch::Tensor> gradients(2);
  testing_support::run_ranks(2, [&](const std::shared_ptr<Group>& group) {
    Trainer trainer(tiny::make_model(), options, group);
    const auto own = group->rank() == 0 ? std::vector<TrainingRow>(rows.begin(), rows.begin() + 4)
                                        : std::vector<TrainingRow>(rows.begin() + 4, rows.end());
    losses[group->rank()] = trainer.step(own, 0).loss;
    gradients[group->rank()] = trainer.parameters().front().second.grad().clone();
  });
  EXPECT_EQ(losses[0], losses[1]);
  EXPECT_NEAR(losses[0], loss, 1e-5);
  const auto expected = alone.parameters().front().second.grad();
  EXPECT_LT((gradients[0] - expected).abs().max().item<double>(), 1e-4 * expected.abs().max().item<double>());
}

class ClickRun : public TrainingRun {};

TEST_F(ClickRun, ResumesToTheBit) {
  Setup setup;
  setup.set = std::make_shared<const TrainingSet>(click_set(10));
  go(setup);
  const auto whole = weights_;
  setup.overwrite = true;
  setup.stop_after_validations = 1;
  go(setup);
  setup.overwrite = false;
  setup.resume = true;
  setup.stop_after_validations = -1;
  go(setup);
  EXPECT_TRUE(tiny::differing(whole, weights_).empty());
}

TEST_F(ClickRun, TakesItsFeaturesFromTheCache) {
  Setup setup;
  AugmentOptions fixed;
  fixed.flip_probability = 0;
  fixed.scale_min = fixed.scale_max = 1;
  setup.set = std::make_shared<const TrainingSet>(click_set(10, true, fixed));
  setup.train.cache_features = temporary_.path / "features";
  go(setup);
  const auto first = weights_;
  setup.overwrite = true;
  go(setup);
  EXPECT_TRUE(tiny::differing(first, weights_).empty());
}

}  // namespace
}  // namespace hqsam
