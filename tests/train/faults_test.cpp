// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <limits>

#include "hqsam/data/stoppable_dataset.h"
#include "hqsam/train/metrics_log.h"
#include "hqsam/train/run_files.h"
#include "temporary_folder.h"
#include "train/run_fixture.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

// While it lives, files cannot grow beyond `bytes`: what a full disk does, for this process alone.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

void flip_bit(const fs::path& path, size_t from_end) {
  std::string bytes = read_file(path);
  bytes[bytes.size() - from_end] = static_cast<char>(bytes[bytes.size() - from_end] ^ 1);
  write_file(path, bytes);
}

TEST_F(TrainingRun, KeepsTheLastStatesAndFallsBackToAnOlderOne) {
  const Outcome whole = unbroken({});
  Setup setup;
  const auto states = states_of_broken(setup);
  ASSERT_EQ(states.size(), 3u);
  flip_bit(states[2], 100);                                     // in the tensors
  write_file(states[1], read_file(states[1]).substr(0, 5000));  // cut short
  ASSERT_EQ(go(setup), RunEnd::kFinished);
  expect_same(whole, outcome());
  EXPECT_TRUE(fs::exists(states[2].string() + ".damaged"));
  EXPECT_EQ(RunFolder(folder()).states().size(), 3u);
  setup.resume = false;
  setup.overwrite = true;
  ASSERT_EQ(go(setup), RunEnd::kFinished);
  EXPECT_FALSE(fs::exists(states[2].string() + ".damaged"));
}

TEST_F(TrainingRun, PassesOverStatesThatCannotBeRead) {
  const Outcome whole = unbroken({});
  Setup setup;
  const auto states = states_of_broken(setup);
  ASSERT_EQ(states.size(), 3u);
  fs::remove(states[1]);
  fs::create_directory(states[1]);
  fs::remove(states[2]);
  fs::create_symlink("/proc/self/mem", states[2]);  // an input/output error at the first byte
  ASSERT_EQ(go(setup), RunEnd::kFinished);
  expect_same(whole, outcome());
  EXPECT_TRUE(fs::is_symlink(states[2].string() + ".damaged"));
  EXPECT_TRUE(fs::is_directory(states[1].string() + ".damaged"));
}

TEST_F(TrainingRun, GoesOnUnderTheLaunchThatBeganItAndNoOther) {
  Setup setup{.overwrite = true, .launch_id = "one"};
  const Outcome whole = unbroken(setup);
  setup.broken_after = 17;
  error_of(setup);
  fs::last_write_time(folder() / "config.yaml", {});  // no clock has a say
  setup.broken_after = 0;
  error_of(setup);
  EXPECT_EQ(load_run_state(state()).state.step, 3);  // still there, though it was to be overwritten
  setup.broken_after = -1;
  for (const char* other : {"two", ""}) {
    const std::string message = error_of({.launch_id = other});
    EXPECT_NE(message.find("holds a run already"), std::string::npos) << message;
  }
  ASSERT_EQ(go(setup), RunEnd::kFinished);
  expect_same(whole, outcome());

  setup.launch_id = "two";
  setup.broken_after = 4;
  error_of(setup);
  EXPECT_FALSE(RunFolder(folder()).holds_state());
  EXPECT_EQ(RunFolder(folder()).launch_id(), "two");
  setup.broken_after = -1;
  ASSERT_EQ(go(setup), RunEnd::kFinished);  // before its first save: anew
  expect_same(whole, outcome());

  ASSERT_EQ(go({.overwrite = true}), RunEnd::kFinished);
  EXPECT_EQ(RunFolder(folder()).launch_id(), "");
}

TEST_F(TrainingRun, RefusesWhenNoStateIsWhole) {
  Setup setup;
  setup.train.keep_states = 1;
  setup.broken_after = 11;
  error_of(setup);
  ASSERT_EQ(RunFolder(folder()).states().size(), 1u);
  const fs::path path = state();
  const std::string good = read_file(path);
  flip_bit(path, 100);
  EXPECT_NE(error_of({.resume = true}).find("checksum"), std::string::npos);
  std::string edited = good;
  const size_t at = edited.find("step\\\":");  // in the run's JSON
  ASSERT_NE(at, std::string::npos);
  edited[at + 7] = '8';
  write_file(path, edited);
  EXPECT_NE(error_of({.resume = true}).find("checksum"), std::string::npos);
  for (const size_t size : {size_t{0}, size_t{5}, good.size() / 2, good.size() - 1}) {
    write_file(path, good.substr(0, size));
    EXPECT_NE(error_of({.resume = true}).find("--overwrite"), std::string::npos) << size;
  }
  TensorMap other;
  other.set("x", torch::zeros(3));
  write_safetensors(path, other);
  EXPECT_NE(error_of({.resume = true}).find("not the state"), std::string::npos);
  write_file(path, good);
  EXPECT_EQ(go({.resume = true}), RunEnd::kFinished);
}

TEST_F(TrainingRun, LetsOneProcessInAtATime) {
  ASSERT_EQ(go({.images = 4}), RunEnd::kFinished);
  const std::string before = read_file(folder() / "metrics.jsonl");
  {
    const RunLock lock(RunFolder(folder()).lock());
    for (const bool resume : {true, false}) {
      const std::string message = error_of({.resume = resume, .overwrite = !resume, .images = 4});
      EXPECT_NE(message.find(fmt::format("another process ({}) trains in", ::getpid())), std::string::npos) << message;
    }
  }
  EXPECT_EQ(read_file(folder() / "metrics.jsonl"), before);
  EXPECT_EQ(go({.resume = true, .images = 4}), RunEnd::kFinished);
}

TEST_F(TrainingRun, GoesOnWhileTheDiskIsFullAndLosesNothing) {
  const Outcome whole = unbroken({});
  Setup setup;
  setup.train.save_minutes = 10;
  {
    Trainer trainer(tiny::make_model(), setup.train, make_group());
    const TrainingSet set = tiny::make_set(10);
    std::optional<FileLimit> limit;
    RunOptions options{.output = folder(), .config_text = "train: {}\n", .config_fingerprint = 11};
    options.on_line = [&](const nlohmann::ordered_json& line) {  // full from step 2 on, until the first epoch's line
      if (line.at("step") == 2) limit.emplace(100);
      if (line.at("type") == "epoch") limit.reset();
    };
    const std::atomic<bool> stop = false;
    const std::vector<double> scores = {1, 3, 2};
    const auto validate = [&](SamHq&) {
      const auto epoch = static_cast<size_t>(trainer.state().at("adam_steps").item<int64_t>() / 3 - 1);
      return Validation{scores[epoch], {{"hq.miou", 50.0 + static_cast<double>(epoch)}}};
    };
    ASSERT_EQ(run_training(trainer, set, options, validate, stop), RunEnd::kFinished);
    weights_ = tiny::copy_weights(trainer.model());
  }
  expect_same(whole, outcome());
  EXPECT_EQ(read_pth(folder() / "checkpoints/epoch_0001.pth").tensors.size(), 25u);  // it waited in memory
}

TEST_F(TrainingRun, EndsWhenTheDiskStaysFullAndKeepsWhatIsThere) {
  Setup setup;
  setup.train.save_minutes = 0;
  setup.broken_after = 8;
  error_of(setup);
  const fs::path before = state();
  const std::string bytes = read_file(before);
  setup.broken_after = -1;
  setup.resume = true;
  {
    const FileLimit limit(100'000);
    const std::string message = error_of(setup);
    EXPECT_NE(message.find("saving failed 3 times in a row"), std::string::npos) << message;
    EXPECT_NE(message.find(folder().string()), std::string::npos) << message;
  }
  EXPECT_EQ(read_file(before), bytes);
  EXPECT_EQ(go(setup), RunEnd::kFinished);
}

TEST_F(TrainingRun, EndsAfterTenStepsWithoutAFiniteLossAndNamesTheRows) {
  Setup setup;
  setup.spoil = [](SamHq& model) {  // a part that does not train
    const torch::NoGradGuard no_grad;
    model->image_encoder->named_parameters().front().value().fill_(1e30);
  };
  setup.train.epochs = 9;
  setup.scores = {};
  const std::string message = error_of(setup);
  EXPECT_NE(message.find("10 steps in a row"), std::string::npos) << message;
  EXPECT_NE(message.find("discs/"), std::string::npos) << message;
  const auto lines = metrics();
  EXPECT_EQ(lines.back().at("skipped"), 10);
  EXPECT_TRUE(lines.back().at("loss").is_null());
  EXPECT_NE(lines.back().at("skipped_because").get<std::string>().find("not finite"), std::string::npos);
}

TEST_F(TrainingRun, EndsAValidationAtOnceWhenAStopIsRequested) {
  std::atomic<bool> stop = false;
  const StoppableDataset stoppable(std::make_shared<tiny::DiscDataset>(3), stop);
  EXPECT_EQ(stoppable.size(), 3);
  EXPECT_EQ(stoppable.get(1).name, "1");
  Trainer trainer(tiny::make_model(), tiny::train_options(), make_group());
  const TrainingSet set = tiny::make_set(10);
  const RunOptions options{.output = folder(), .config_text = "train: {}\n", .config_fingerprint = 11};
  const auto validate = [&](SamHq&) {
    stop = true;
    stoppable.get(2);
    return Validation{};
  };
  EXPECT_EQ(run_training(trainer, set, options, validate, stop), RunEnd::kStopped);
  const RunState saved = load_run_state(state()).state;
  EXPECT_EQ(saved.step, 3);
  EXPECT_EQ(saved.epoch, 0);  // its validation is to come
  EXPECT_EQ(go({.resume = true}), RunEnd::kFinished);
  EXPECT_EQ(validations_, 3);
}

TEST(MetricsLog, HoldsLinesBackWhileTheDiskIsFull) {
  const testing_support::TemporaryFolder temporary;
  const fs::path path = temporary.path / "metrics.jsonl";
  MetricsLog log(path);
  log.write({{"step", 1}});
  {
    const FileLimit limit(14);  // half of the next line fits
    log.write({{"step", 2}});
    EXPECT_EQ(read_file(path), "{\"step\":1}\n");
    EXPECT_THROW(log.flush(), Error);
  }
  log.write({{"step", 3}});
  log.flush();
  EXPECT_EQ(read_file(path), "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n");
}

// While it lives, the process is not root, whom no permissions stop.
class Nobody {
 public:
  Nobody() { EXPECT_TRUE(before_ != 0 || ::seteuid(65534) == 0); }
  ~Nobody() { EXPECT_EQ(::seteuid(before_), 0); }
  static bool possible() { return ::geteuid() != 0 || (::seteuid(65534) == 0 && ::seteuid(0) == 0); }

 private:
  uid_t before_ = ::geteuid();
};

TEST(RunState, ThatMayNotBeReadCountsAsDamaged) {
  if (!Nobody::possible()) GTEST_SKIP() << "there is no other user here";
  const testing_support::TemporaryFolder temporary;
  fs::permissions(temporary.path, fs::perms{0755});  // mkdtemp closes it to Nobody
  const fs::path path = temporary.path / "state_000001.safetensors";
  save_run_state(path, {}, {});
  fs::permissions(path, fs::perms::none);
  const Nobody nobody;
  try {
    load_run_state(path);
    ADD_FAILURE() << "no Error";
  } catch (const DamagedState& error) {
    EXPECT_NE(std::string(error.what()).find("Permission denied"), std::string::npos) << error.what();
  }
}

TEST(RunFolder, ThatCannotBeListedDoesNotCountAsEmpty) {
  if (!Nobody::possible()) GTEST_SKIP() << "there is no other user here";
  const testing_support::TemporaryFolder temporary;
  fs::permissions(temporary.path, fs::perms{0755});  // mkdtemp closes it to Nobody
  const RunFolder folder(temporary.path);
  EXPECT_FALSE(folder.holds_state());  // there is none
  folder.create();
  write_file(folder.state(1), "state");
  fs::permissions(temporary.path / "state", fs::perms::none);
  {
    const Nobody nobody;
    EXPECT_THROW(folder.holds_state(), Error);
    EXPECT_THROW(folder.clear(), Error);
  }
  fs::permissions(temporary.path / "state", fs::perms::owner_all);
  EXPECT_TRUE(folder.holds_state());
}

TEST(RunState, KeepsItsCountsAndCallsAMissingFileDamaged) {
  const testing_support::TemporaryFolder temporary;
  EXPECT_THROW(load_run_state(temporary.path / "state_000001.safetensors"), DamagedState);  // missing
  RunState state{.step = 3, .skipped = 2, .stale = 1, .finished = true};
  const RunState again = run_state_from_json(to_json(state));
  EXPECT_EQ(again.skipped, 2);
  EXPECT_EQ(again.stale, 1);
  EXPECT_TRUE(again.finished);
}

}  // namespace
}  // namespace hqsam
