// SPDX-License-Identifier: Apache-2.0
#include "hqsam/config/validation.h"

#include <gtest/gtest.h>

#include "evaluate/memory_dataset.h"

namespace hqsam {
using namespace testing_support;

namespace {

class RunValidationTest : public testing::Test {
 protected:
  RunValidation make(const std::vector<NamedDataset>& sets) { return RunValidation(config, sets, group, stop); }
  const std::vector<NamedDataset> sets = {{"a", ellipses(6)}, {"b", ellipses(4, "q")}};
  const std::shared_ptr<Group> group = make_group();
  const std::atomic<bool> stop = false;
  SamHq model = tiny_model();
  Config config;
};

}  // namespace

TEST_F(RunValidationTest, HasSamBesideHqWithTheGainThatEvaluationFinds) {
  RunValidation validation = make(sets);
  const Validation start = validation.measure(model), found = validation.validate(model);
  EXPECT_EQ(start.masks, 10);
  EXPECT_EQ(start.pictures, 10);
  EvaluateOptions options;  // sam, hq and sum at once
  const EvaluateResult whole = evaluate(model, sets, options, *group);
  EXPECT_EQ(start.metrics.at("sam.mbiou"), whole.mean.at(MaskKind::kSam).at("mbiou"));
  EXPECT_EQ(found.metrics.at("sam.mbiou"), start.metrics.at("sam.mbiou"));
  EXPECT_EQ(found.metrics.at("hq.mbiou"), whole.mean.at(MaskKind::kHq).at("mbiou"));
  EXPECT_EQ(found.score, found.metrics.at("hq.mbiou"));
  EXPECT_EQ(found.score_by, "hq.mbiou");
  const Interval gain = difference_interval(whole, MaskKind::kHq, MaskKind::kSam, Metric::kBoundaryIou);
  EXPECT_EQ(found.gains.at("hq-sam.mbiou").mean, gain.mean);
  EXPECT_EQ(found.gains.at("hq-sam.mbiou").low, gain.low);
  EXPECT_EQ(found.gains.at("hq-sam.mbiou").high, gain.high);
  EXPECT_EQ(found.best_masks, to_string(best_masks(whole)->kind));
  EXPECT_TRUE(validation.stays());
}

TEST_F(RunValidationTest, KnowsTheStartFromItsText) {
  RunValidation before = make(sets), after = make(sets);
  before.measure(model);
  const Validation found = before.validate(model);
  EXPECT_TRUE(after.validate(model).gains.empty());
  ASSERT_TRUE(after.recall(before.text()));
  const Validation again = after.validate(model);
  EXPECT_EQ(again.metrics, found.metrics);
  EXPECT_EQ(again.gains.at("hq-sam.miou").low, found.gains.at("hq-sam.miou").low);
  EXPECT_EQ(after.text(), before.text());
}

TEST_F(RunValidationTest, RefusesATextThatIsNotItsOwn) {
  RunValidation validation = make(sets);
  validation.measure(model);
  const std::string text = validation.text();
  EXPECT_FALSE(make(sets).recall(""));
  EXPECT_FALSE(make(sets).recall("nonsense"));
  EXPECT_FALSE(make(sets).recall(text.substr(0, text.size() / 2)));
  EXPECT_FALSE(make(sets).recall(text.substr(0, text.rfind("{\"set\""))));  // a mask short
  config.evaluate.seed = 7;
  EXPECT_FALSE(make(sets).recall(text));
}

TEST_F(RunValidationTest, TellsNoGainOverOtherPictures) {
  RunValidation before = make(sets), after = make({{"a", ellipses(6, "other")}, {"b", ellipses(4, "q")}});
  before.measure(model);
  ASSERT_TRUE(after.recall(before.text()));
  EXPECT_TRUE(after.validate(model).gains.empty());
}

TEST_F(RunValidationTest, ComparesWithTheStartWhereSamTrains) {
  config.train.objective = Objective::kSam;
  config.train.trainable = Trainable::kAll;
  RunValidation validation = make(sets);
  EXPECT_FALSE(validation.stays());
  validation.measure(model);
  const Validation found = validation.validate(model);
  EXPECT_EQ(found.metrics.at("start.miou"), found.metrics.at("sam.miou"));
  EXPECT_EQ(found.gains.at("sam-start.miou").mean, 0);
  EXPECT_EQ(found.best_masks, "");
}

}  // namespace hqsam
