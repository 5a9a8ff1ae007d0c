// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "hqsam/train/training_words.h"
#include "train/run_fixture.h"

namespace hqsam {
namespace {

// Knows SAM's numbers once it has measured or recalled them.
class FakeStart : public RunStart {
 public:
  explicit FakeStart(bool stays = true, std::string sets = "one") : stays_(stays), sets_(std::move(sets)) {}
  Validation measure(SamHq& model) override {
    EXPECT_FALSE(torch::GradMode::is_enabled());
    EXPECT_FALSE(model->is_training());
    ++measured;
    if (stop) throw Stopped("stopped");
    return {20, {{"sam.mbiou", 20.0}, {"sam.miou", 40.0}}, {}, "sam.mbiou", 2, 5};
  }
  bool stays() const override { return stays_; }
  std::string text() const override { return sets_; }
  bool recall(const std::string& text) override { return text == sets_; }
  int64_t measured = 0;
  bool stop = false;

 private:
  bool stays_;
  std::string sets_;
};

using RunStartTest = TrainingRun;

TEST_F(RunStartTest, IsMeasuredBeforeTheFirstStepAndLoggedOnce) {
  const auto start = std::make_shared<FakeStart>();
  ASSERT_EQ(go({.start = start, .gains = {{"hq-sam.mbiou", {3, 1, 5}}}}), RunEnd::kFinished);
  EXPECT_EQ(start->measured, 1);
  const auto lines = metrics();
  ASSERT_EQ(lines.size(), 13u);
  EXPECT_EQ(lines[0].at("type"), "valid");
  EXPECT_EQ(lines[0].at("step"), 0);
  EXPECT_EQ(lines[0].at("valid").at("sam.mbiou"), 20.0);
  EXPECT_EQ(lines[0].at("masks"), 5);
  EXPECT_FALSE(lines[0].contains("score"));
  EXPECT_EQ(lines[4].at("type"), "epoch");
  EXPECT_EQ(lines[4].at("gains").at("hq-sam.mbiou").at("low"), 1.0);
  EXPECT_EQ(read_file(folder() / "state/start.jsonl"), "one");
}

TEST_F(RunStartTest, LeavesTheWeightsAsTheyAreToTheBit) {
  const Outcome without = unbroken({});
  ASSERT_EQ(go({.start = std::make_shared<FakeStart>()}), RunEnd::kFinished);
  const Outcome with = outcome();
  EXPECT_TRUE(tiny::differing(without.weights, with.weights).empty());
  EXPECT_TRUE(without.model == with.model && without.best == with.best);
}

TEST_F(RunStartTest, IsKnownAfterAResume) {
  const Outcome whole = unbroken({.start = std::make_shared<FakeStart>()});
  Setup setup{.start = std::make_shared<FakeStart>()};
  states_of_broken(setup);
  const auto again = std::make_shared<FakeStart>();
  setup.start = again;
  ASSERT_EQ(go(setup), RunEnd::kFinished);
  EXPECT_EQ(again->measured, 0);
  expect_same(whole, outcome());
}

TEST_F(RunStartTest, IsMeasuredAgainForOtherSetsOnlyWhereItStays) {
  Setup setup{.start = std::make_shared<FakeStart>()};
  states_of_broken(setup);
  const auto trains = std::make_shared<FakeStart>(false, "two"), stays = std::make_shared<FakeStart>(true, "two");
  setup.start = trains;
  setup.stop_after_validations = 1;
  ASSERT_EQ(go(setup), RunEnd::kStopped);
  EXPECT_EQ(trains->measured, 0);
  setup.start = stays;
  setup.stop_after_validations = -1;
  ASSERT_EQ(go(setup), RunEnd::kFinished);
  EXPECT_EQ(stays->measured, 1);
  EXPECT_EQ(read_file(folder() / "state/start.jsonl"), "two");
  int64_t of_start = 0;
  for (const auto& line : metrics()) of_start += line.at("step") == 0;
  EXPECT_EQ(of_start, 1);  // what is measured later is no line of its own
}

TEST_F(RunStartTest, CanBeStoppedAndComesWithTheResume) {
  const auto start = std::make_shared<FakeStart>();
  start->stop = true;
  ASSERT_EQ(go({.start = start}), RunEnd::kStopped);
  EXPECT_TRUE(metrics().empty());
  start->stop = false;
  ASSERT_EQ(go({.resume = true, .start = start}), RunEnd::kFinished);
  EXPECT_EQ(start->measured, 2);
  EXPECT_EQ(metrics().front().at("step"), 0);
}

TEST_F(RunStartTest, GoesWithAnOverwrittenRun) {
  ASSERT_EQ(go({.images = 4, .start = std::make_shared<FakeStart>()}), RunEnd::kFinished);
  ASSERT_EQ(go({.overwrite = true, .images = 4}), RunEnd::kFinished);
  EXPECT_FALSE(std::filesystem::exists(folder() / "state/start.jsonl"));
}

TEST_F(RunStartTest, ResumeNamesTheKeysThatChanged) {
  Setup setup;
  states_of_broken(setup);
  setup.config_fingerprint = 12;
  setup.changes = "train.epochs: 3, now 5";
  const std::string message = error_of(setup);
  EXPECT_NE(message.find("the config changed since it began: train.epochs: 3, now 5"), std::string::npos) << message;
  setup.changes.clear();
  EXPECT_NE(error_of(setup).find("config.yaml has the old one"), std::string::npos);
}

TEST_F(RunStartTest, SpeedOfAnEpochIsKnownWhereItWasResumedAtItsEnd) {
  Setup setup;
  setup.stop_after_validations = 1;
  ASSERT_EQ(go(setup), RunEnd::kStopped);
  setup.resume = true;
  setup.stop_after_validations = -1;
  ASSERT_EQ(go(setup), RunEnd::kFinished);
  int64_t epochs = 0;
  for (const auto& line : metrics()) {
    if (line.at("type") != "epoch") continue;
    ++epochs;
    EXPECT_GT(line.at("images_per_s").get<double>(), 0);
    EXPECT_LE(line.at("data_wait").get<double>(), 1.0);
  }
  EXPECT_EQ(epochs, 3);
}

TEST(TrainingWords, TellSamBesideHq) {
  const Validation validation{34.85,
                              {{"hq.mbiou", 34.85}, {"sam.mbiou", 16.4}, {"a/hq.miou", 60}, {"a/sam.miou", 50}},
                              {{"hq-sam.mbiou", {18.45, 15.01, 21.9}}, {"hq-sam.miou", {-0.5, -2, 1}}},
                              "hq.mbiou",
                              25,
                              62};
  EXPECT_EQ(metric_text(validation, "hq.mbiou", 34.85), "mBIoU 34.85 (SAM 16.40, +18.45 [+15.01, +21.90])");
  EXPECT_EQ(metric_text(validation, "hq.mbiou", 34.85, true), "mBIoU 34.85 (SAM 16.40)");
  EXPECT_EQ(metric_text(validation, "a/hq.miou", 60), "a mIoU 60.00 (SAM 50.00)");
  EXPECT_EQ(metric_text({1, {{"hq.mbiou", 1}}}, "hq.mbiou", 1), "mBIoU 1.00");
  const Verdict verdict = verdict_of(validation);
  EXPECT_TRUE(verdict.better);
  EXPECT_EQ(verdict.text,
            "HQ is better than SAM here: mBIoU +18.45 [+15.01, +21.90], mIoU -0.50 [-2.00, +1.00], on 62 masks of 25 "
            "pictures");
}

TEST(TrainingWords, SayWhereNothingWasGained) {
  Validation validation{10, {{"hq.mbiou", 10}, {"sam.mbiou", 10.2}}, {{"hq-sam.mbiou", {-0.2, -1, 0.6}}}, "hq.mbiou"};
  EXPECT_FALSE(verdict_of(validation).better);
  EXPECT_EQ(verdict_of(validation).text, "HQ is not better than SAM here: mBIoU -0.20 [-1.00, +0.60]");
  validation.gains["hq-sam.mbiou"] = {-3, -4, -2};
  EXPECT_EQ(verdict_of(validation).text, "HQ is worse than SAM here: mBIoU -3.00 [-4.00, -2.00]");
  validation.gains.clear();
  EXPECT_EQ(verdict_of(validation).text, "");
}

TEST(TrainingWords, CompareWithTheStartWhereSamTrains) {
  const Validation validation{
      30, {{"sam.mbiou", 30}, {"start.mbiou", 20}}, {{"sam-start.mbiou", {10, 8, 12}}}, "sam.mbiou"};
  EXPECT_EQ(metric_text(validation, "sam.mbiou", 30), "mBIoU 30.00 (at the start 20.00, +10.00 [+8.00, +12.00])");
  EXPECT_EQ(verdict_of(validation).text,
            "the model is better than before the first step here: mBIoU +10.00 [+8.00, +12.00]");
}

TEST(TrainingWords, DoubtTheMasksWhereSamFindsHardlyAny) {
  EXPECT_EQ(start_advice({0, {{"sam.miou", 45}}}), "");
  EXPECT_EQ(start_advice({0, {{"start.miou", 5}}}), "");
  EXPECT_NE(start_advice({0, {{"sam.miou", 12}}}).find("data check"), std::string::npos);
}

TEST(TrainingWords, NameTheMasksThatPredictTakes) {
  Validation validation{10, {}, {{"hq-sam.mbiou", {5, 3, 7}}, {"sum-sam.mbiou", {4, 3, 5}}}, "hq.mbiou", 0, 0, "hq"};
  EXPECT_EQ(verdict_of(validation).text,
            "HQ is better than SAM here: mBIoU +5.00 [+3.00, +7.00]; predict's default is HQ alone");
  validation.best_masks = "sum";
  EXPECT_NE(verdict_of(validation).text.find("; the sum of SAM and HQ, predict's default: +4.00 [+3.00, +5.00]"),
            std::string::npos);
}

TEST_F(RunStartTest, CheckpointsKnowTheBestMasksOfTheirValidation) {
  Setup setup;
  setup.best_masks = "hq";
  ASSERT_EQ(go(setup), RunEnd::kFinished);
  for (const char* file : {"model.pth", "best.pth", "checkpoints/epoch_0002.pth"}) {
    EXPECT_EQ(read_pth(folder() / file).metadata.at("hqsam.best_masks"), "hq") << file;
  }
  EXPECT_EQ(metrics().back().at("best_masks"), "hq");
  std::filesystem::remove(folder() / "model.pth");
  ASSERT_EQ(go({.resume = true}), RunEnd::kFinished);
  EXPECT_EQ(read_pth(folder() / "model.pth").metadata.at("hqsam.best_masks"), "hq");
  setup.overwrite = true;
  setup.train.validate_every.epochs = 2;  // after epochs 2 and 3, the last
  ASSERT_EQ(go(setup), RunEnd::kFinished);
  EXPECT_FALSE(read_pth(folder() / "checkpoints/epoch_0001.pth").metadata.contains("hqsam.best_masks"));
}

TEST(TrainingWords, TellRowsThatTakeNoPart) {
  EXPECT_EQ(rows_advice(96, 32, 1).text, "");
  const RowsAdvice few = rows_advice(100, 8, 1), many = rows_advice(40, 32, 1);
  EXPECT_EQ(few.text,
            "an epoch trains on 96 of 100 rows, in 12 batches of 8 (train.batch_size): 4 are left out, others in each "
            "epoch");
  EXPECT_FALSE(few.warn);
  EXPECT_TRUE(many.warn);
  EXPECT_NE(many.text.find("with train.batch_size 20 none is"), std::string::npos) << many.text;
}

TEST(TrainingWords, KnowABatchThatFits) {
  EXPECT_EQ(fitting_batch(26, 64, 1), 26);
  EXPECT_EQ(fitting_batch(40, 32, 1), 20);
  EXPECT_EQ(fitting_batch(3, 32, 2), 2);
  EXPECT_EQ(fitting_batch(1, 32, 1), 1);
  EXPECT_EQ(fitting_batch(37, 16, 4), 12);  // 36 of 37
}

}  // namespace
}  // namespace hqsam
