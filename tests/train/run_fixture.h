// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hqsam/core/file.h"
#include "hqsam/tensorfile/tensor_map.h"
#include "hqsam/train/run.h"
#include "hqsam/train/run_folder.h"
#include "hqsam/train/run_state.h"
#include "temporary_folder.h"
#include "train/tiny.h"

namespace hqsam {

// A run of 3 epochs of 3 steps on 10 discs; what a test changes, it changes before go().
class TrainingRun : public ::testing::Test {
 protected:
  struct Setup {
    TrainOptions train = tiny::train_options();
    bool resume = false, overwrite = false;
    uint64_t config_fingerprint = 11, model_seed = 1;
    std::string launch_id = {};
    int64_t images = 10, broken_after = -1, stop_after_validations = -1;
    std::shared_ptr<const TrainingSet> set = nullptr;  // instead of discs
    std::shared_ptr<Group> group = nullptr;            // instead of one process
    std::vector<double> scores = {1, 3, 2};            // per epoch; none = no validation
    std::function<void(SamHq&)> spoil = nullptr;       // the model before it trains
    const std::atomic<bool>* stop = nullptr;           // besides stop_after_validations
    std::shared_ptr<RunStart> start = nullptr;
    std::map<std::string, Interval> gains = {};  // of each validation
    std::string best_masks = {};                 // of each validation
    std::string changes = {};                    // what the config's keys say of another config
  };

  RunEnd go(const Setup& setup) {
    SamHq fresh = tiny::make_model(setup.model_seed);
    if (setup.spoil) setup.spoil(fresh);
    Trainer trainer(fresh, setup.train, setup.group ? setup.group : make_group());
    const TrainingSet discs = tiny::make_set(setup.images, setup.broken_after);
    const TrainingSet& set = setup.set ? *setup.set : discs;
    const RunOptions options{.output = folder(),
                             .resume = setup.resume,
                             .overwrite = setup.overwrite,
                             .config_text = "train: {}\n",
                             .config_fingerprint = setup.config_fingerprint,
                             .launch_id = setup.launch_id,
                             .start = setup.start,
                             .what_changed = [&](const std::filesystem::path&) { return setup.changes; }};
    std::atomic<bool> stop = setup.stop_after_validations == 0;
    validations_ = 0;
    std::function<Validation(SamHq&)> validate;
    if (!setup.scores.empty()) {
      validate = [&](SamHq& model) {
        EXPECT_FALSE(torch::GradMode::is_enabled());
        EXPECT_FALSE(model->is_training());
        // The score goes by what the model learned, as far as a test can tell: by its steps.
        const int64_t steps = trainer.state().at("adam_steps").item<int64_t>();
        const auto epoch = static_cast<size_t>(steps / (setup.images / setup.train.batch_size) - 1);
        stop = ++validations_ == setup.stop_after_validations;
        return Validation{
            setup.scores.at(epoch), {{"hq.miou", 50.0 + static_cast<double>(epoch)}}, setup.gains, "", 0, 0,
            setup.best_masks};
      };
    }
    const RunEnd end = run_training(trainer, set, options, validate, setup.stop ? *setup.stop : stop);
    weights_ = tiny::copy_weights(trainer.model());
    return end;
  }

  // The newest state.
  std::filesystem::path state() const { return RunFolder(folder()).states().back(); }
  std::filesystem::path folder() const { return temporary_.path / "run"; }
  std::vector<nlohmann::json> metrics() const {
    std::ifstream stream(folder() / "metrics.jsonl");
    std::vector<nlohmann::json> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(nlohmann::json::parse(line));
    return lines;
  }
  // The log without its clock.
  std::string metrics_without_times() const {
    std::string text;
    for (nlohmann::json line : metrics()) {
      line.erase("images_per_s");
      line.erase("data_wait");
      line.erase("memory_gib");
      line.erase("seconds_left");
      text += line.dump() + "\n";
    }
    return text;
  }
  // The message of what go(setup) throws.
  std::string error_of(const Setup& setup) {
    try {
      go(setup);
    } catch (const std::exception& error) {
      return error.what();
    }
    ADD_FAILURE() << "no Error";
    return "";
  }
  // Breaks a run that saves after each step; go(setup) then resumes it. Returns its states, oldest first.
  std::vector<std::filesystem::path> states_of_broken(Setup& setup) {
    setup.train.save_minutes = 0;
    setup.broken_after = 17;
    error_of(setup);
    setup.broken_after = -1;
    setup.resume = true;
    return RunFolder(folder()).states();
  }
  // An unbroken run in a folder of its own, for comparison.
  struct Outcome {
    std::map<std::string, torch::Tensor> weights;
    std::string metrics, model, best;
  };
  Outcome outcome() const {
    return {weights_, metrics_without_times(), read_file(folder() / "model.pth"), read_file(folder() / "best.pth")};
  }
  Outcome unbroken(const Setup& setup) {
    EXPECT_EQ(go(setup), RunEnd::kFinished);
    Outcome whole = outcome();
    std::filesystem::remove_all(folder());
    return whole;
  }
  static void expect_same(const Outcome& a, const Outcome& b) {
    EXPECT_TRUE(tiny::differing(a.weights, b.weights).empty());
    EXPECT_EQ(a.metrics, b.metrics);
    EXPECT_TRUE(a.model == b.model);
    EXPECT_TRUE(a.best == b.best);
  }

  testing_support::TemporaryFolder temporary_;
  std::map<std::string, torch::Tensor> weights_;
  int64_t validations_ = 0;
};

// Four steps leave the same state as two, a new trainer with their state, and two more. Returns it.
inline TensorMap expect_goes_on_to_the_bit(const std::function<Trainer()>& make) {
  const auto rows = tiny::make_rows(3);
  Trainer whole = make(), before = make(), after = make();
  for (int i = 0; i < 2; ++i) before.step(rows, 0);
  after.load_state(before.state());
  for (int i = 0; i < 2; ++i) after.step(rows, 0);
  for (int i = 0; i < 4; ++i) whole.step(rows, 0);
  TensorMap a = whole.state();
  const TensorMap b = after.state();
  for (const auto& [name, tensor] : a.tensors) EXPECT_TRUE(torch::equal(tensor, b.at(name))) << name;
  return a;
}

}  // namespace hqsam
