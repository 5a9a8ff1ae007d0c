// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>

#include "hqsam/core/error.h"
#include "hqsam/metrics/names.h"
#include "hqsam/train/training_loop.h"
#include "hqsam/train/training_words.h"

namespace hqsam {
namespace {

constexpr const char* kFunction = "run_training";
constexpr int64_t kMostSkipped = 10;  // in a row

}  // namespace

void check_run(const TrainOptions& options, const TrainingSet& set, int64_t image_size, int64_t ranks) {
  const int64_t batch = options.batch_size;
  if (set.size() < batch) {
    fail(kFunction,
         "an epoch has {0} rows, fewer than train.batch_size {1}: a batch of {0} or less fits (--set "
         "train.batch_size={2}); or raise the sets' weights",
         set.size(), batch, fitting_batch(set.size(), batch, ranks));
  }
  if (batch < ranks) {
    fail(kFunction, "train.batch_size {} is less than the {} ranks: raise it, or start fewer", batch, ranks);
  }
  if (set.options().image_size != image_size) {
    fail(kFunction, "rows are made for {} pixels and the model takes {}", set.options().image_size, image_size);
  }
  if (!options.cache_features.empty() && !set.options().augment.fixed()) {
    fail(kFunction,
         "train.cache_features keeps one encoding of each picture, and data.augment changes them: set flip_probability "
         "to 0, scale_min and scale_max to 1, or leave cache_features out");
  }
}

int64_t validations_in(int64_t steps, const TrainOptions& options, int64_t steps_per_epoch) {
  const ValidateEvery& every = options.validate_every;
  const int64_t apart = every.steps > 0 ? every.steps : every.epochs * steps_per_epoch;
  return apart > 0 ? (steps + apart - 1) / apart : 0;
}

RunPlan plan_of(const TrainOptions& options, int64_t rows) {
  RunPlan plan{.rows = rows};
  plan.steps_per_epoch = rows / options.batch_size;
  plan.rows_per_epoch = plan.steps_per_epoch * options.batch_size;
  plan.steps = plan.steps_per_epoch * options.epochs;
  plan.validations = validations_in(plan.steps, options, plan.steps_per_epoch);
  return plan;
}

void TrainingLoop::check() const {
  check_run(train(), set_, trainer_.model()->image_size(), group_.size());
  if (options_.resume && options_.overwrite) fail(kFunction, "--resume and --overwrite exclude each other");
}

// data.on_error skip: says which rows were passed over, the first few by name, and ends the run where it is most.
void TrainingLoop::count_unread(Loader& loader, const StepResult& result) {
  constexpr int64_t kTold = 5, kFewest = 10;
  for (const std::string& reason : loader.take_unread()) {
    ++unread_told_;
    if (unread_told_ <= kTold) spdlog::warn("a row is passed over (data.on_error: skip): {}", reason);
    if (unread_told_ == kTold) spdlog::warn("further rows that cannot be read are counted, and no longer named");
    last_unread_ = reason;
  }
  if (result.rows == batch_size() || state_.unread_in_epoch < kFewest) return;
  if (2 * state_.unread_in_epoch <= state_.rows) return;
  fail(kFunction,
       "{} of the epoch's {} rows so far could not be read, more than half (data.on_error: skip): mend the files and "
       "go on with --resume{}",
       state_.unread_in_epoch, state_.rows, last_unread_.empty() ? "" : ". The last: " + last_unread_);
}

void TrainingLoop::count_skip(const StepResult& result) {
  if (!result.skipped) {
    skip_reasons_.clear();
    return;
  }
  if (result.rows == 0) return;
  skip_reasons_.push_back(fmt::format("step {}: {}", state_.step, result.reason));
  if (files_) spdlog::warn("step {} is skipped: {}", state_.step, result.reason);
  if (state_.skipped_in_row < kMostSkipped) return;
  fail(kFunction,
       "{} steps in a row had no finite loss or gradient: look at these pictures and their masks, lower train.lr, set "
       "train.clip_grad_norm, or set train.precision to fp32, and start anew with --overwrite. {}",
       state_.skipped_in_row, fmt::join(skip_reasons_, "; "));
}

// At the run's end: steps that were skipped left the weights as they were.
void TrainingLoop::check_learned() const {
  constexpr const char* kHelp = "look at these pictures and their masks, lower train.lr, or set train.clip_grad_norm";
  if (state_.summed == 0) {
    fail(kFunction,
         "nothing was learned in the last epoch: none of its steps had a finite loss and gradient ({} of {} "
         "steps of the run were skipped); {}. {}",
         state_.skipped, state_.step, kHelp, fmt::join(skip_reasons_, "; "));
  }
  if (state_.skipped_in_row > 0 && files_) {
    spdlog::warn("the last {} of {} steps were skipped: the model is as it was before them; {}", state_.skipped_in_row,
                 state_.step, kHelp);
  }
}

// Nothing of a spoilt model is saved: neither a state nor a checkpoint.
void TrainingLoop::require_finite() const {
  if (trainer_.is_finite()) return;
  fail(
      kFunction,
      "the weights are no longer finite after step {}: lower train.lr, or set train.clip_grad_norm, and go on from the "
      "last save with --resume, or start anew with --overwrite",
      state_.step);
}

// What is good to know before the first step: rows that do not take part, and a run of hardly any steps.
void TrainingLoop::tell_plan() const {
  constexpr int64_t kFewSteps = 50;
  const RowsAdvice rows = rows_advice(set_.size(), batch_size(), group_.size());
  if (!rows.text.empty()) spdlog::log(rows.warn ? spdlog::level::warn : spdlog::level::info, "{}", rows.text);
  if (last_step() >= kFewSteps) return;
  spdlog::warn("the run has {} steps in all, too few to learn much: raise train.epochs (to {} for {} steps){}",
               last_step(), (kFewSteps + steps_per_epoch() - 1) / steps_per_epoch(), kFewSteps,
               batch_size() > 4 ? ", or lower train.batch_size" : "");
}

// Where the weights are, and whether it was worth it.
void TrainingLoop::tell_end() const {
  const RunFolder& folder = files_->folder();
  const Verdict verdict = verdict_of(last_validation_);
  if (verdict.better) spdlog::info("{}", verdict.text);
  if (!verdict.better && !verdict.text.empty()) {
    spdlog::warn("{}. docs/training.md says what to try", verdict.text);
  }
  std::string best;
  if (state_.best_score) {
    const std::string metric = score_metric(last_validation_);
    best = fmt::format(", {} of the best validation ({} {:.2f})", folder.best().string(),
                       metric.empty() ? score_name() : split_metric(metric).title(), *state_.best_score);
  }
  spdlog::info("finished: {} is of the last step{}", folder.model().string(), best);
}

}  // namespace hqsam
