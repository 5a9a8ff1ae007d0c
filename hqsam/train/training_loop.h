// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/core/progress.h"
#include "hqsam/train/run.h"
#include "hqsam/train/run_files.h"

namespace hqsam {

// The model's weights are the running means while it lives.
class AverageScope {
 public:
  explicit AverageScope(Trainer& trainer) : trainer_(trainer) { trainer_.swap_average(); }
  ~AverageScope() { trainer_.swap_average(); }
  AverageScope(const AverageScope&) = delete;
  AverageScope& operator=(const AverageScope&) = delete;

 private:
  Trainer& trainer_;
};

// What a part of a run leaves to do.
enum class Next {
  kGoOn,
  kStop,  // a stop was asked for: the run ends with its state saved
  kEnd,   // no epoch is left, or train.patience is over
};

// A validation as rank 0 has it.
struct Rating {
  Validation validation;
  std::optional<double> score;  // by train.best_metric; nothing where it is not finite
  bool best = false;            // so far
};

// What run_training does, on one rank.
class TrainingLoop {
 public:
  using Json = nlohmann::ordered_json;

  TrainingLoop(Trainer& trainer, const TrainingSet& set, const RunOptions& options,
               const std::function<Validation(SamHq&)>& validate, const std::atomic<bool>& stop)
      : trainer_(trainer), group_(trainer.group()), set_(set), options_(options), validate_(validate), stop_(stop) {}

  RunEnd go();

 private:
  void check() const;
  void share_weights();
  Next open();
  Next measure_start();
  void tell_plan() const;
  void tell_end() const;
  Next train_epoch();
  Next save_and_stop();
  StepResult step_or_save(Loader& loader);
  StepResult take_step(Loader& loader);
  void count_unread(Loader& loader, const StepResult& result);
  void count_skip(const StepResult& result);
  std::string epoch_loss_text() const;
  void check_learned() const;
  void require_finite() const;
  void log_step(const StepResult& result, double seconds, double waited, Progress* progress);
  Next finish_epoch();
  Next validate_within_epoch();
  std::optional<Validation> validate();
  std::optional<Rating> validate_and_rate();
  double score_of(const Validation& validation) const;
  std::string score_name() const;
  std::string score_metric(const Validation& validation) const;
  std::string rating_text(const Rating& rating) const;
  int64_t validations_left() const;
  static void put_rating(const Rating& rating, Json& json);
  void write_checkpoints(bool epoch_done, bool best);
  void save();
  void save_finally();
  RunEnd stopped();
  Json line(const char* type, int64_t epoch, const StepLoss& loss) const;

  const TrainOptions& train() const { return trainer_.options(); }
  int64_t batch_size() const { return train().batch_size; }
  // Rows of a batch, from and to (exclusive), that are this rank's.
  std::pair<int64_t, int64_t> share_of_batch() const {
    return {batch_size() * group_.rank() / group_.size(), batch_size() * (group_.rank() + 1) / group_.size()};
  }
  int64_t rows_per_epoch() const { return set_.size() / batch_size() * batch_size(); }
  int64_t steps_per_epoch() const { return set_.size() / batch_size(); }
  int64_t last_step() const { return steps_per_epoch() * train().epochs; }
  bool done() const { return state_.finished || state_.epoch >= train().epochs; }
  Next go_on_or_end() const { return done() ? Next::kEnd : Next::kGoOn; }
  bool validation_due() const;
  double learning_rate(int64_t step) const {
    return train().lr * schedule_factor(train().schedule, step, steps_per_epoch(), train().epochs);
  }

  Trainer& trainer_;
  Group& group_;
  const TrainingSet& set_;
  const RunOptions& options_;
  const std::function<Validation(SamHq&)>& validate_;
  const std::atomic<bool>& stop_;
  std::optional<RunFiles> files_;  // rank 0's
  RunState state_;
  std::vector<std::string> skip_reasons_;  // of the last steps in a row
  int64_t unread_told_ = 0;                // of this rank's rows that could not be read
  std::string last_unread_;
  int64_t steps_taken_ = 0;        // by this process
  double step_seconds_ = 0;        // these steps took
  double validation_seconds_ = 0;  // the last validation took
  std::string last_rating_;        // for the progress line
  Validation last_validation_;     // of this process
};

}  // namespace hqsam
