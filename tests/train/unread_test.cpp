// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <limits>
#include <thread>

#include "hqsam/core/left_behind.h"
#include "hqsam/data/on_error.h"
#include "hqsam/data/stoppable_dataset.h"
#include "thread_group.h"
#include "train/run_fixture.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// Discs of which some cannot be read, and some never come.
class PatchyDataset : public tiny::DiscDataset {
 public:
  PatchyDataset(int64_t size, std::set<int64_t> unreadable, std::set<int64_t> hanging = {})
      : DiscDataset(size), unreadable_(std::move(unreadable)), hanging_(std::move(hanging)) {}
  ~PatchyDataset() override = default;
  Sample get(int64_t index) const override {
    if (unreadable_.contains(index)) fail("PatchyDataset", "{} is truncated", path(index));
    if (hanging_.contains(index)) released_.wait();
    return DiscDataset::get(index);
  }
  void release() { release_.set_value(); }

 private:
  std::set<int64_t> unreadable_, hanging_;
  std::promise<void> release_;
  std::shared_future<void> released_ = release_.get_future().share();
};

std::shared_ptr<const TrainingSet> set_of(std::shared_ptr<const Dataset> dataset, OnError on_error) {
  RowOptions rows = tiny::row_options();
  rows.on_error = on_error;
  return std::make_shared<TrainingSet>(std::vector<WeightedSet>{{std::move(dataset), 1.0}}, rows);
}

std::shared_ptr<const TrainingSet> patchy(std::set<int64_t> unreadable, OnError on_error = OnError::kSkip) {
  return set_of(std::make_shared<PatchyDataset>(10, std::move(unreadable)), on_error);
}

TEST_F(TrainingRun, SavesItsLastStepBeforeItEndsByAPictureThatCannotBeRead) {
  const Outcome whole = unbroken({});
  int64_t late = 0;  // ends in the middle of the first epoch
  for (int64_t picture = 0; picture < 10; ++picture) {
    const std::string message = error_of({.set = patchy({picture}, OnError::kStop)});
    EXPECT_NE(message.find(fmt::format("disc_{} is truncated", picture)), std::string::npos) << message;
    const RunState saved = load_run_state(state()).state;
    EXPECT_EQ(saved.rows, 3 * (saved.step - 3 * saved.epoch));
    if (saved.step > 0 && saved.epoch == 0) ++late;
    ASSERT_EQ(go({.resume = true}), RunEnd::kFinished);  // restored
    expect_same(whole, outcome());
    fs::remove_all(folder());
  }
  EXPECT_GE(late, 3);
}

TEST_F(TrainingRun, PassesOverRowsThatCannotBeReadAndCountsThem) {
  const std::vector<int64_t> order = patchy({})->order(0);
  Setup setup{.set = patchy({3, 7})};
  const Outcome skipping = unbroken(setup);
  setup.train.workers = 2;
  expect_same(skipping, unbroken(setup));  // however many threads read
  setup.train.save_minutes = 0;
  setup.stop_after_validations = 1;
  ASSERT_EQ(go(setup), RunEnd::kStopped);
  setup.stop_after_validations = -1;
  setup.resume = true;
  ASSERT_EQ(go(setup), RunEnd::kFinished);
  expect_same(skipping, outcome());  // after a resume too

  int64_t unread = 0;
  for (int64_t position = 0; position < 9; ++position) {
    unread += order[static_cast<size_t>(position)] == 3 || order[static_cast<size_t>(position)] == 7;
  }
  EXPECT_EQ(metrics()[3].at("type"), "epoch");
  EXPECT_EQ(metrics()[3].at("unread"), unread);
  EXPECT_EQ(metrics()[3].at("skipped"), 0);
  EXPECT_EQ(load_run_state(state()).state.unread, metrics().back().at("unread"));
  EXPECT_EQ(load_run_state(state()).state.unread_in_epoch, 0);
}

TEST_F(TrainingRun, MakesAStepOfARowWhereTheOthersOfItsBatchCannotBeRead) {
  // The rest of a batch trains as if it were the whole of it.
  const auto rows = tiny::make_rows(3);
  Trainer two(tiny::make_model(), tiny::train_options(), make_group());
  const StepResult result = two.step({rows[0], rows[2]}, 0);
  EXPECT_EQ(result.rows, 2);
  Trainer again(tiny::make_model(), tiny::train_options(), make_group());
  const double first = again.step({rows[0]}, 0).loss;
  Trainer other(tiny::make_model(), tiny::train_options(), make_group());
  EXPECT_NEAR(result.loss, (first + other.step({rows[2]}, 0).loss) / 2, 1e-5);
}

TEST_F(TrainingRun, LeavesTheWeightsAloneWhereNoRowOfABatchCanBeRead) {
  Setup setup{.set = patchy({3, 7})};
  setup.train.batch_size = 1;
  setup.train.micro_batch = 1;
  setup.train.epochs = 1;
  setup.scores = {};
  ASSERT_EQ(go(setup), RunEnd::kFinished);
  int64_t without = 0;
  for (const auto& line : metrics()) {
    if (line.at("type") != "step" || !line.at("loss").is_null()) continue;
    ++without;
    EXPECT_EQ(line.at("skipped_because"), "the batch has no rows");
  }
  EXPECT_EQ(without, 2);
  EXPECT_EQ(metrics().back().at("unread"), 2);
  EXPECT_EQ(metrics().back().at("skipped"), 0);
  EXPECT_TRUE(std::isfinite(metrics().back().at("loss").get<double>()));
}

TEST_F(TrainingRun, EndsWhereMostOfAnEpochCannotBeRead) {
  std::set<int64_t> unreadable;
  for (int64_t picture = 0; picture < 30; ++picture) {
    if (picture % 3 != 0) unreadable.insert(picture);
  }
  const auto mostly = set_of(std::make_shared<PatchyDataset>(30, unreadable), OnError::kSkip);
  const std::string message = error_of({.images = 30, .set = mostly, .scores = {}});
  EXPECT_NE(message.find("could not be read, more than half"), std::string::npos) << message;
  EXPECT_NE(message.find("is truncated"), std::string::npos) << message;
  EXPECT_FALSE(fs::exists(folder() / "model.pth"));
}

TEST_F(TrainingRun, PassesOverTheSameRowsOnAnyNumberOfRanks) {
  ASSERT_EQ(go({.set = patchy({2, 5}), .scores = {}}), RunEnd::kFinished);
  const auto alone = weights_;
  fs::remove_all(folder());
  const auto errors = testing_support::run_ranks(3, [&](std::shared_ptr<Group> group) {
    Trainer trainer(tiny::make_model(), tiny::train_options(), group);
    const RunOptions options{.output = folder(), .config_text = "train: {}\n", .config_fingerprint = 11};
    const std::atomic<bool> stop = false;
    EXPECT_EQ(run_training(trainer, *patchy({2, 5}), options, {}, stop), RunEnd::kFinished);
    for (const auto& [key, tensor] : tiny::copy_weights(trainer.model())) {
      EXPECT_LT((tensor - alone.at(key)).abs().mean().item<double>(), 1e-3) << key;
    }
  });
  for (const std::string& error : errors) EXPECT_EQ(error, "");
}

TEST_F(TrainingRun, StopsInTimeSavedThoughAReadHangs) {
  const Outcome whole = unbroken({});
  for (const int64_t workers : {0, 2}) {
    const auto dataset = std::make_shared<PatchyDataset>(10, std::set<int64_t>{}, std::set<int64_t>{4});
    std::atomic<bool> stop = false;
    Setup setup{.set = set_of(dataset, OnError::kStop), .stop = &stop};
    setup.train.workers = workers;
    std::chrono::steady_clock::time_point stopped;
    const auto signal = std::async(std::launch::async, [&] {
      std::this_thread::sleep_for(1500ms);
      stopped = std::chrono::steady_clock::now();
      stop = true;
    });
    ASSERT_EQ(go(setup), RunEnd::kStopped);
    EXPECT_LT(std::chrono::steady_clock::now() - stopped, 8s);
    EXPECT_TRUE(any_left_behind());
    dataset->release();
    Setup again{.resume = true};
    ASSERT_EQ(go(again), RunEnd::kFinished);
    expect_same(whole, outcome());
    fs::remove_all(folder());
  }
}

TEST(StoppableDataset, LeavesAReadThatHangs) {
  const auto dataset = std::make_shared<PatchyDataset>(3, std::set<int64_t>{}, std::set<int64_t>{1});
  std::atomic<bool> stop = false;
  const StoppableDataset stoppable(dataset, stop);
  EXPECT_EQ(stoppable.get(0).name, "0");
  const auto signal = std::async(std::launch::async, [&] {
    std::this_thread::sleep_for(100ms);
    stop = true;
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THROW(stoppable.get(1), Stopped);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 6s);
  dataset->release();
}

TEST_F(TrainingRun, SavesNothingOfWeightsThatAreNotFinite) {
  Setup setup;
  setup.spoil = [](SamHq& model) {
    const torch::NoGradGuard no_grad;
    model->named_parameters()["mask_decoder.hf_token.weight"].fill_(std::numeric_limits<float>::infinity());
  };
  const std::string message = error_of(setup);
  EXPECT_NE(message.find("the weights are no longer finite"), std::string::npos) << message;
  EXPECT_NE(message.find("train.lr"), std::string::npos) << message;
  const RunFolder files(folder());
  EXPECT_FALSE(files.holds_state());
  EXPECT_FALSE(files.holds_weights());
}

}  // namespace
}  // namespace hqsam
