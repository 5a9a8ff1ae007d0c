// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "thread_group.h"
#include "train/run_fixture.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

// Rank r's part of rows, as run_training cuts it.
std::vector<TrainingRow> share(const std::vector<TrainingRow>& rows, const Group& group) {
  const auto n = static_cast<int64_t>(rows.size());
  return {rows.begin() + n * group.rank() / group.size(), rows.begin() + n * (group.rank() + 1) / group.size()};
}

double relative_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<double>() / a.abs().max().item<double>();
}

TEST(DistributedStep, GivesTheGradientsOfOneRankForTheSameBatch) {
  const auto rows = tiny::make_rows(8);
  TrainOptions options = tiny::train_options();
  Trainer alone(tiny::make_model(), options, make_group());
  const StepResult expected = alone.step(rows, 0);
  for (const int64_t size : {2, 4}) {
    const auto errors = testing_support::run_ranks(size, [&](std::shared_ptr<Group> group) {
      Trainer trainer(tiny::make_model(), options, group);
      const StepResult result = trainer.step(share(rows, *group), 0);
      EXPECT_NEAR(result.loss, expected.loss, 1e-5 * expected.loss);
      EXPECT_NEAR(result.gradient_norm, expected.gradient_norm, 1e-5 * expected.gradient_norm);
      for (size_t i = 0; i < alone.parameters().size(); ++i) {
        const auto& [key, parameter] = alone.parameters()[i];
        EXPECT_LT(relative_difference(parameter.grad(), trainer.parameters()[i].second.grad()), 1e-5) << key;
      }
    });
    for (const std::string& error : errors) EXPECT_EQ(error, "");
  }
}

TEST(DistributedStep, SkipsOnAllRanksWhereOneHasNoFiniteLoss) {
  auto rows = tiny::make_rows(4);
  rows[3].label = torch::full_like(rows[3].label, std::numeric_limits<float>::infinity());
  const auto errors = testing_support::run_ranks(2, [&](std::shared_ptr<Group> group) {
    Trainer trainer(tiny::make_model(), tiny::train_options(), group);
    const auto before = tiny::copy_weights(trainer.model());
    const StepResult result = trainer.step(share(rows, *group), 0);
    EXPECT_TRUE(result.skipped);
    EXPECT_EQ(result.reason, "the loss of " + rows[3].name + " is not finite");
    EXPECT_TRUE(tiny::differing(before, tiny::copy_weights(trainer.model())).empty());
  });
  for (const std::string& error : errors) EXPECT_EQ(error, "");
}

TEST(DistributedStep, TellsAllRanksOfAWishToStop) {
  const auto rows = tiny::make_rows(4);
  const auto errors = testing_support::run_ranks(2, [&](std::shared_ptr<Group> group) {
    Trainer trainer(tiny::make_model(), tiny::train_options(), group);
    EXPECT_FALSE(trainer.step(share(rows, *group), 0).stop);
    const bool mine = group->rank() == 1;
    EXPECT_TRUE(trainer.step(share(rows, *group), 0, {}, mine ? Vote::kStop : Vote::kGoOn).stop);
    TensorMap before = trainer.state();
    for (auto& [key, tensor] : before.tensors) tensor = tensor.clone();
    const StepResult given_up = trainer.step(share(rows, *group), 0, {}, mine ? Vote::kGiveUp : Vote::kGoOn);
    EXPECT_TRUE(given_up.given_up && given_up.stop);
    for (const auto& [key, tensor] : trainer.state().tensors) EXPECT_TRUE(torch::equal(tensor, before.at(key))) << key;
  });
  for (const std::string& error : errors) EXPECT_EQ(error, "");
}

// The run of TrainingRun on several ranks, each a thread.
class DistributedRun : public TrainingRun {
 protected:
  struct Outcome {
    std::vector<RunEnd> ends;
    std::vector<std::string> errors;
    std::vector<std::map<std::string, torch::Tensor>> weights;
  };
  struct Setup {
    TrainOptions train = tiny::train_options();
    bool resume = false;
    int64_t broken_rank = -1, broken_after = -1, stopping_rank = -1, odd_rank = -1;
    std::function<void(TrainOptions&)> spoil = nullptr;  // the last rank's options
    bool last_validates = true;
    uint64_t last_validation = 5;
  };

  Outcome go(int64_t size, const Setup& setup) {
    Outcome outcome{std::vector<RunEnd>(size), {}, std::vector<std::map<std::string, torch::Tensor>>(size)};
    outcome.errors = testing_support::run_ranks(size, [&](std::shared_ptr<Group> group) {
      const int64_t rank = group->rank();
      const bool last = rank == size - 1;
      TrainOptions train = setup.train;
      if (last && setup.spoil) setup.spoil(train);
      // Ranks begin with different weights: rank 0's are the run's.
      Trainer trainer(tiny::make_model(1 + rank), train, group);
      const TrainingSet set = tiny::make_set(10, rank == setup.broken_rank ? setup.broken_after : -1);
      const RunOptions options{.output = folder(),
                               .resume = setup.resume,
                               .config_text = "train: {}\n",
                               .config_fingerprint = rank == setup.odd_rank ? 12U : 11U,
                               .validation_fingerprint = last ? setup.last_validation : 5U};
      const std::atomic<bool> stop = rank == setup.stopping_rank;
      std::function<Validation(SamHq&)> validate;
      if (!last || setup.last_validates) validate = [](SamHq&) { return Validation{1, {{"hq.miou", 50}}}; };
      outcome.ends[rank] = run_training(trainer, set, options, validate, stop);
      outcome.weights[rank] = tiny::copy_weights(trainer.model());
    });
    return outcome;
  }
  Outcome whole(int64_t size, const Setup& setup) {
    Outcome outcome = go(size, setup);
    for (const std::string& error : outcome.errors) EXPECT_EQ(error, "");
    for (int64_t rank = 1; rank < size; ++rank) {
      EXPECT_TRUE(tiny::differing(outcome.weights[0], outcome.weights[rank]).empty());
    }
    return outcome;
  }
  // Over all weights. Single ones may differ by a whole step: Adam's first steps are as long for tiny gradients, whose
  // signs rounding decides, as for large ones.
  static double mean_difference(const Outcome& a, const Outcome& b) {
    double sum = 0;
    int64_t count = 0;
    for (const auto& [key, tensor] : a.weights[0]) {
      sum += (tensor - b.weights[0].at(key)).abs().sum(torch::kFloat64).item<double>();
      count += tensor.numel();
    }
    return sum / static_cast<double>(count);
  }
};

TEST_F(DistributedRun, EndsWhereOneRankDoes) {
  const Outcome alone = whole(1, {});
  const auto log = metrics();
  for (const int64_t size : {2, 3}) {
    fs::remove_all(folder());
    const Outcome together = whole(size, {});
    EXPECT_LT(mean_difference(alone, together), 1e-4);  // of 9 steps of 1e-3
    const auto same = metrics();
    ASSERT_EQ(same.size(), log.size());
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(same[i].at("loss").get<double>(), log[i].at("loss").get<double>(), 2e-3) << i;
    }
    const TensorMap model = read_pth(folder() / "model.pth");
    for (const auto& [key, tensor] : together.weights[0]) EXPECT_TRUE(torch::equal(model.at(key), tensor)) << key;
  }
}

TEST_F(DistributedRun, ResumesToTheBitAfterARankFailed) {
  const Outcome unbroken = whole(2, {});
  for (const int64_t rank : {0, 1}) {
    fs::remove_all(folder());
    Setup setup{.broken_rank = rank, .broken_after = 6};
    setup.train.save_minutes = 0;
    const Outcome broken = go(2, setup);
    for (const std::string& error : broken.errors) {
      EXPECT_NE(error.find("the power went out"), std::string::npos) << error;
    }
    EXPECT_NE(broken.errors[1 - rank].find(fmt::format("rank {} stopped", rank)), std::string::npos);
    setup.broken_rank = -1;
    setup.resume = true;
    EXPECT_EQ(mean_difference(unbroken, whole(2, setup)), 0);
  }
}

TEST_F(DistributedRun, GoesOnWithAnotherNumberOfRanks) {
  const Outcome unbroken = whole(1, {});
  fs::remove_all(folder());
  Setup setup{.stopping_rank = 1};
  EXPECT_EQ(go(3, setup).ends, std::vector<RunEnd>(3, RunEnd::kStopped));
  EXPECT_EQ(load_run_state(state()).state.step, 0);
  EXPECT_LT(mean_difference(unbroken, whole(2, {.resume = true})), 1e-4);
}

TEST_F(DistributedRun, RefusesRanksWithDifferentConfigsAndMoreRanksThanRows) {
  const Outcome odd = go(2, {.odd_rank = 1});
  for (const std::string& error : odd.errors) {
    EXPECT_NE(error.find("the config of rank 1 is not that of rank 0"), std::string::npos) << error;
  }
  EXPECT_FALSE(fs::exists(folder()));
  for (const std::string& error : go(4, {}).errors) {
    EXPECT_NE(error.find("less than the 4 ranks"), std::string::npos) << error;
  }
}

TEST_F(DistributedRun, RefusesRanksThatValidateInAnotherWay) {
  std::vector<Setup> setups(6);
  setups[0].last_validates = false;
  setups[1].spoil = [](TrainOptions& train) { train.validate_every.steps = 2; };
  setups[2].spoil = [](TrainOptions& train) { train.validate_every.epochs = 2; };
  setups[3].spoil = [](TrainOptions& train) { train.best_metric = "hq.miou"; };
  setups[4].spoil = [](TrainOptions& train) { train.patience = 3; };
  setups[5].last_validation = 6;
  for (const Setup& setup : setups) {
    for (const std::string& error : go(3, setup).errors) {
      EXPECT_NE(error.find("the plan of validations of rank 2 is not that of rank 0"), std::string::npos) << error;
    }
    EXPECT_FALSE(fs::exists(folder()));
  }
}

TEST_F(DistributedRun, TellsAllRanksWhatKeepsTheFirstFromOpening) {
  fs::create_directories(folder());
  std::ofstream(folder() / "config.yaml") << "another run";
  for (const std::string& error : go(2, {}).errors) EXPECT_NE(error.find("--overwrite"), std::string::npos) << error;
}

}  // namespace
}  // namespace hqsam
