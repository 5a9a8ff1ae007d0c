// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/run.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "hqsam/core/file.h"
#include "hqsam/train/metrics_log.h"
#include "hqsam/train/run_folder.h"
#include "hqsam/train/run_state.h"
#include "temporary_folder.h"
#include "train/run_fixture.h"
#include "train/tiny.h"

namespace hqsam {
namespace {
namespace fs = std::filesystem;

TEST_F(TrainingRun, LeavesItsFilesBehind) {
  ASSERT_EQ(go({}), RunEnd::kFinished);
  EXPECT_EQ(read_file(folder() / "config.yaml"), "train: {}\n");

  const TensorMap last = read_pth(folder() / "model.pth"), best = read_pth(folder() / "best.pth"),
                  third = read_pth(folder() / "checkpoints/epoch_0003.pth"),
                  second = read_pth(folder() / "checkpoints/epoch_0002.pth");
  for (const auto& [key, tensor] : weights_) EXPECT_TRUE(torch::equal(last.at(key), tensor)) << key;
  EXPECT_EQ(third.tensors.size(), 25u);
  for (const auto& [key, tensor] : third.tensors) EXPECT_TRUE(torch::equal(last.at(key), tensor)) << key;
  for (const auto& [key, tensor] : second.tensors) EXPECT_TRUE(torch::equal(best.at(key), tensor)) << key;
  EXPECT_EQ(best.tensors.size(), last.tensors.size());
  EXPECT_EQ(third.metadata.at("epoch"), "3");
  EXPECT_EQ(third.metadata.at("step"), "9");

  const auto lines = metrics();
  ASSERT_EQ(lines.size(), 12u);
  EXPECT_EQ(lines[0].at("type"), "step");
  EXPECT_EQ(lines[0].at("epoch"), 1);
  EXPECT_EQ(lines[0].at("step"), 1);
  EXPECT_NEAR(lines[0].at("loss").get<double>(),
              lines[0].at("loss_mask").get<double>() + lines[0].at("loss_dice").get<double>(), 1e-6);
  EXPECT_GT(lines[0].at("images_per_s").get<double>(), 0);
  EXPECT_EQ(lines[3].at("type"), "epoch");
  double sum = 0;
  for (int i : {0, 1, 2}) sum += lines[i].at("loss").get<double>();
  EXPECT_NEAR(lines[3].at("loss").get<double>(), sum / 3, 1e-9);
  EXPECT_EQ(lines[3].at("valid").at("hq.miou"), 50.0);
  EXPECT_EQ(lines[11].at("epoch"), 3);
  EXPECT_NEAR(lines[7].at("lr").get<double>(), 1e-3, 1e-12);
  EXPECT_NEAR(lines[8].at("lr").get<double>(), 1e-4, 1e-12);
  EXPECT_LT(lines[11].at("loss").get<double>(), lines[3].at("loss").get<double>());
}

TEST_F(TrainingRun, NeedsNoValidation) {
  ASSERT_EQ(go({.scores = {}}), RunEnd::kFinished);
  EXPECT_TRUE(fs::exists(folder() / "model.pth"));
  EXPECT_FALSE(fs::exists(folder() / "best.pth"));
  EXPECT_FALSE(metrics().back().contains("valid"));
}

TEST_F(TrainingRun, EndsWithTheSameBitsForAnyNumberOfWorkers) {
  const Outcome alone = unbroken({});
  Setup setup;
  setup.train.workers = 2;
  expect_same(alone, unbroken(setup));
}

// A picture that cannot be read ends the process's work at a given row, as a kill would.
TEST_F(TrainingRun, ResumesToTheBitWhereverItDied) {
  const Outcome whole = unbroken({});
  for (const int64_t rows : {4, 9, 11, 17, 25}) {  // mid-epoch and at an epoch's start
    for (const double save_minutes : {0.0, 10.0}) {
      Setup setup;
      setup.train.save_minutes = save_minutes;
      setup.broken_after = rows;
      EXPECT_NE(error_of(setup).find("the power went out"), std::string::npos);
      setup.broken_after = -1;
      setup.resume = true;
      ASSERT_EQ(go(setup), RunEnd::kFinished);
      expect_same(whole, outcome());
      fs::remove_all(folder());
    }
  }
}

TEST_F(TrainingRun, ResumesToTheBitAfterDyingTwiceWithLinesHalfWritten) {
  const Outcome whole = unbroken({});
  Setup setup;
  setup.train.save_minutes = 0;
  setup.broken_after = 5;
  error_of(setup);
  setup.resume = true;
  setup.broken_after = 10;
  error_of(setup);
  std::ofstream(folder() / "metrics.jsonl", std::ios::app) << R"({"type":"step","epoch":2,"step":77,"loss":1})"
                                                           << "\n"
                                                           << R"({"type":"step","ep)";
  std::ofstream(folder() / "state" / "state_000009.safetensors.123.tmp") << "half a state";
  setup.broken_after = -1;
  ASSERT_EQ(go(setup), RunEnd::kFinished);
  expect_same(whole, outcome());
  EXPECT_FALSE(fs::exists(folder() / "state" / "state_000009.safetensors.123.tmp"));
}

// What the next test starts as a process of its own.
TEST_F(TrainingRun, DISABLED_ChildThatIsKilled) {
  fs::remove(std::exchange(temporary_.path, std::getenv("HQSAM_TEST_FOLDER")));  // the parent's instead of its own
  Setup setup;
  setup.train.save_minutes = 0;
  setup.train.workers = 1;
  setup.resume = RunFolder(folder()).holds_run();
  go(setup);
}

TEST_F(TrainingRun, ResumesToTheBitAfterSigkill) {
  const Outcome whole = unbroken({});
  ::setenv("HQSAM_TEST_FOLDER", temporary_.path.c_str(), 1);
  const auto log_size = [&] {
    std::error_code error;
    const auto size = fs::file_size(folder() / "metrics.jsonl", error);
    return error ? 0 : static_cast<int64_t>(size);
  };
  int kills = 0;
  for (; kills < 3; ++kills) {
    const int64_t size = log_size();
    const pid_t child = ::fork();
    if (child == 0) {
      ::execl("/proc/self/exe", "test_train", "--gtest_also_run_disabled_tests",
              "--gtest_filter=TrainingRun.DISABLED_ChildThatIsKilled", static_cast<char*>(nullptr));
      ::_exit(127);
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    int status = 0;
    pid_t ended = 0;
    while (log_size() <= size && std::chrono::steady_clock::now() < deadline) {
      if ((ended = ::waitpid(child, &status, WNOHANG)) != 0) break;
      ::usleep(500);
    }
    if (ended == 0) {
      ::usleep(static_cast<useconds_t>(3000 * kills));
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
    }
    if (!WIFSIGNALED(status)) {  // it came to its end first
      ASSERT_EQ(WEXITSTATUS(status), 0);
      break;
    }
    ASSERT_GT(log_size(), size);
  }
  ASSERT_GT(kills, 0) << "the run ended before it was killed";
  Setup setup;
  setup.resume = true;
  setup.train.save_minutes = 0;
  setup.train.workers = 1;
  ASSERT_EQ(go(setup), RunEnd::kFinished);
  expect_same(whole, outcome());
}

TEST_F(TrainingRun, StopsBeforeTheFirstStepSavesAndGoesOn) {
  const Outcome whole = unbroken({});
  ASSERT_EQ(go({.stop_after_validations = 0}), RunEnd::kStopped);  // stop was set before the first step
  EXPECT_TRUE(metrics().empty());
  EXPECT_EQ(load_run_state(state()).state.step, 0);
  ASSERT_EQ(go({.resume = true, .stop_after_validations = 1}), RunEnd::kStopped);  // at the end of an epoch
  EXPECT_EQ(load_run_state(state()).state.epoch, 1);
  ASSERT_EQ(go({.resume = true}), RunEnd::kFinished);
  EXPECT_EQ(validations_, 2);  // the first epoch is not validated again
  expect_same(whole, outcome());
}

TEST_F(TrainingRun, StaysAsItIsOnceFinished) {
  ASSERT_EQ(go({}), RunEnd::kFinished);
  const std::string metrics = read_file(folder() / "metrics.jsonl");
  const auto written = fs::last_write_time(folder() / "model.pth");
  ASSERT_EQ(go({.resume = true}), RunEnd::kFinished);
  EXPECT_EQ(validations_, 0);
  EXPECT_EQ(read_file(folder() / "metrics.jsonl"), metrics);
  EXPECT_EQ(fs::last_write_time(folder() / "model.pth"), written);
  fs::remove(folder() / "model.pth");
  const auto trained = read_pth(folder() / "checkpoints/epoch_0003.pth");
  ASSERT_EQ(go({.resume = true}), RunEnd::kFinished);
  const auto model = read_pth(folder() / "model.pth");
  for (const auto& [key, tensor] : trained.tensors) EXPECT_TRUE(torch::equal(model.at(key), tensor)) << key;
}

TEST_F(TrainingRun, RefusesAFolderWithARunUnlessTold) {
  ASSERT_EQ(go({.images = 4}), RunEnd::kFinished);
  const std::string message = error_of({});
  EXPECT_NE(message.find("--resume"), std::string::npos) << message;
  EXPECT_NE(message.find("--overwrite"), std::string::npos) << message;
  EXPECT_NE(error_of({.resume = true, .overwrite = true}).find("exclude"), std::string::npos);

  std::ofstream(folder() / "notes.txt") << "mine";
  std::ofstream(folder() / "checkpoints" / "favourite.pth") << "mine too";
  std::ofstream(folder() / "checkpoints" / "epoch_0009.pth") << "a longer run's";
  ASSERT_EQ(go({.overwrite = true, .images = 4, .scores = {}}), RunEnd::kFinished);
  EXPECT_TRUE(fs::exists(folder() / "notes.txt"));
  EXPECT_TRUE(fs::exists(folder() / "checkpoints" / "favourite.pth"));
  EXPECT_FALSE(fs::exists(folder() / "checkpoints" / "epoch_0009.pth"));
  EXPECT_FALSE(fs::exists(folder() / "best.pth"));
  EXPECT_EQ(metrics().size(), 6u);
}

TEST_F(TrainingRun, TakesAFolderThatHoldsOtherThings) {
  fs::create_directories(folder());
  std::ofstream(folder() / "notes.txt") << "mine";
  EXPECT_EQ(go({.images = 4}), RunEnd::kFinished);
}

TEST_F(TrainingRun, BeginsWhereThereIsNoRunToResumeButNotWhereItsStatesAreGone) {
  ASSERT_EQ(go({.resume = true, .images = 4}), RunEnd::kFinished);
  for (const fs::path& path : RunFolder(folder()).states()) fs::remove(path);
  EXPECT_NE(error_of({.resume = true, .images = 4}).find("no state"), std::string::npos);
}

TEST_F(TrainingRun, RefusesToResumeWithAnythingElse) {
  error_of({.broken_after = 11});
  const std::string before = read_file(folder() / "metrics.jsonl");
  EXPECT_NE(error_of({.resume = true, .config_fingerprint = 12}).find("the config changed"), std::string::npos);
  EXPECT_NE(error_of({.resume = true, .images = 11}).find("training files changed"), std::string::npos);
  EXPECT_NE(error_of({.resume = true, .model_seed = 2}).find("base model's weights changed"), std::string::npos);
  EXPECT_EQ(read_file(folder() / "metrics.jsonl"), before);
}

TEST_F(TrainingRun, SaysWhatToDoWhenTheSetIsSmallerThanABatch) {
  const std::string message = error_of({.images = 2});
  EXPECT_NE(message.find("batch_size"), std::string::npos) << message;
  EXPECT_FALSE(fs::exists(folder()));
}

TEST_F(TrainingRun, NamesAFolderThatCannotBeMade) {
  std::ofstream(folder()) << "a file";
  EXPECT_NE(error_of({}).find(folder().string()), std::string::npos);
}

TEST(MetricsLog, IsCutBackToAStep) {
  const testing_support::TemporaryFolder temporary;
  const fs::path path = temporary.path / "metrics.jsonl";
  cut_metrics(path, 1, 1, 0);
  EXPECT_FALSE(fs::exists(path));
  const std::string kept =
      "{\"type\":\"step\",\"epoch\":1,\"step\":1}\n{\"type\":\"step\",\"epoch\":1,\"step\":2}\n"
      "{\"type\":\"valid\",\"epoch\":1,\"step\":2}\n"
      "{\"type\":\"epoch\",\"epoch\":1,\"step\":2}\n{\"type\":\"step\",\"epoch\":2,\"step\":3}\n";
  write_file(path, kept +
                       "{\"type\":\"step\",\"epoch\":2,\"step\":4}\n{\"type\":\"epoch\",\"epoch\":2,\"step\":3}\n"
                       "{\"type\":\"valid\",\"epoch\":2,\"step\":3}\nnonsense\n[1]\n{\"type\":\"step\",\"step\":\"3\"}"
                       "\n{\"type\":\"step\",\"epoch\":2,\"step\":3}");
  cut_metrics(path, 3, 1, 2);
  EXPECT_EQ(read_file(path), kept);
}

TEST(RunState, ComesBackAsSaved) {
  const testing_support::TemporaryFolder temporary;
  const fs::path path = temporary.path / "latest.safetensors";
  RunState state{.epoch = 2, .rows = 64, .step = 1234567890123, .best_score = 0.1 + 0.2, .best_by = "hq.miou"};
  state.sums = {1.0 / 3, 2.0 / 3, 1e-300, 0};
  state.timed_rows = 12, state.seconds = 0.1 + 0.2, state.waited = 0.25;
  state.best_masks = "sum";
  state.config_fingerprint = std::numeric_limits<uint64_t>::max();
  TensorMap tensors;
  tensors.set("weight/a", torch::randn({3, 4}));
  tensors.set("adam_steps", torch::full(1, 7, torch::kInt64));
  save_run_state(path, state, tensors);
  const SavedRun saved = load_run_state(path);
  EXPECT_EQ(saved.state.step, state.step);
  EXPECT_EQ(saved.state.rows, 64);
  EXPECT_EQ(saved.state.best_score, state.best_score);
  EXPECT_EQ(saved.state.best_by, "hq.miou");
  EXPECT_EQ(saved.state.timed_rows, 12);
  EXPECT_EQ(saved.state.seconds, 0.1 + 0.2);
  EXPECT_EQ(saved.state.waited, 0.25);
  EXPECT_EQ(saved.state.best_masks, "sum");
  EXPECT_EQ(saved.state.sums.loss, state.sums.loss);
  EXPECT_EQ(saved.state.sums.dice, state.sums.dice);
  EXPECT_EQ(saved.state.config_fingerprint, state.config_fingerprint);
  EXPECT_TRUE(torch::equal(saved.tensors.at("weight/a"), tensors.at("weight/a")));
  state.best_score.reset();
  save_run_state(path, state, tensors);
  EXPECT_FALSE(load_run_state(path).state.best_score.has_value());
}

}  // namespace
}  // namespace hqsam
