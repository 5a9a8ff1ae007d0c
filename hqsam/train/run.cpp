// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/run.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/progress.h"
#include "hqsam/model/checkpoint.h"
#include "hqsam/train/metrics_log.h"
#include "hqsam/train/run_folder.h"
#include "hqsam/train/run_state.h"

namespace hqsam {
namespace {

using Clock = std::chrono::steady_clock;
using Validate = std::function<Validation(SamHq&)>;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

StepLoss mean(const StepLoss& sums, int64_t steps) {
  const double n = static_cast<double>(std::max<int64_t>(steps, 1));
  return {sums.loss / n, sums.mask / n, sums.dice / n, sums.iou / n};
}

class Run {
 public:
  Run(Trainer& trainer, const TrainingSet& set, const RunOptions& options, const Validate& validate,
      const std::atomic<bool>& stop)
      : trainer_(trainer), set_(set), options_(options), validate_(validate), stop_(stop), folder_(options.output) {}

  RunEnd go() {
    check();
    if (!open()) return RunEnd::kFinished;
    log_.emplace(folder_.metrics());
    saved_at_ = Clock::now();
    while (state_.epoch < epochs()) {
      if (!train_epoch()) return stopped();
      finish_epoch();
      if (stop_ && state_.epoch < epochs()) return stopped();
    }
    spdlog::info("finished: {}", folder_.model().string());
    return RunEnd::kFinished;
  }

 private:
  void check() const;
  bool open();
  void start_anew();
  bool resume();
  void require_same(const RunState& saved) const;
  bool train_epoch();
  void finish_epoch();
  Validation validate();
  void write_checkpoints(bool best);
  void save();
  RunEnd stopped() const;
  nlohmann::ordered_json line(const char* type, int64_t epoch, const StepLoss& loss, double images_per_s) const;

  int64_t epochs() const { return trainer_.options().epochs; }
  int64_t batch_size() const { return trainer_.options().batch_size; }
  int64_t rows_per_epoch() const { return set_.size() / batch_size() * batch_size(); }

  Trainer& trainer_;
  const TrainingSet& set_;
  const RunOptions& options_;
  const Validate& validate_;
  const std::atomic<bool>& stop_;
  RunFolder folder_;
  RunState state_;
  std::optional<MetricsLog> log_;
  Clock::time_point saved_at_;
  double images_per_s_ = 0, data_wait_ = 0;  // of the steps of the epoch since it began or was resumed
};

void Run::check() const {
  if (trainer_.group().size() != 1) {
    fail("run_training", "this version trains in one process, the group has {}", trainer_.group().size());
  }
  if (set_.size() < batch_size()) {
    fail("run_training", "an epoch has {} rows, fewer than train.batch_size {}: lower it, or raise the sets' weights",
         set_.size(), batch_size());
  }
  if (set_.options().image_size != trainer_.model()->image_size()) {
    fail("run_training", "rows are made for {} pixels and the model takes {}", set_.options().image_size,
         trainer_.model()->image_size());
  }
  if (options_.resume && options_.overwrite) fail("run_training", "--resume and --overwrite exclude each other");
}

// False when there is nothing left to do.
bool Run::open() {
  state_.config_fingerprint = options_.config_fingerprint;
  state_.files_fingerprint = set_.file_list_fingerprint();
  state_.frozen_fingerprint = frozen_fingerprint(trainer_);
  const std::string root = folder_.root().string();
  if (options_.resume) {
    if (folder_.holds_state()) return resume();
    if (!folder_.holds_run()) fail("run_training", "{} holds no run to resume: start without --resume", root);
    if (folder_.holds_weights()) {
      fail("run_training", "{} holds checkpoints but no state to resume from: --overwrite starts anew", root);
    }
    spdlog::info("the run in {} ended before its first save: starting anew", root);
  } else if (folder_.holds_run() && !options_.overwrite) {
    fail("run_training", "{} holds a run already: --resume goes on with it, --overwrite replaces it", root);
  }
  start_anew();
  return true;
}

void Run::start_anew() {
  folder_.clear();
  folder_.create();
  folder_.remove_unfinished();
  write_file(folder_.config(), options_.config_text);
}

bool Run::resume() {
  const SavedRun saved = load_run_state(folder_.state());
  require_same(saved.state);
  state_ = saved.state;
  const bool finished = state_.epoch >= epochs();
  if (finished && std::filesystem::exists(folder_.model())) {
    spdlog::info("the run in {} is finished: {} epochs, {} steps", folder_.root().string(), state_.epoch, state_.step);
    return false;
  }
  trainer_.load_state(saved.tensors);
  folder_.create();
  folder_.remove_unfinished();
  cut_metrics(folder_.metrics(), state_.step, state_.epoch);
  if (finished) {  // but someone took the model away
    write_checkpoints(/*best=*/false);
    return false;
  }
  spdlog::info("resuming in epoch {} after step {}", state_.epoch + 1, state_.step);
  return true;
}

void Run::require_same(const RunState& saved) const {
  const auto require = [&](uint64_t now, uint64_t before, const char* what, const char* remedy) {
    if (now == before) return;
    fail("run_training",
         "cannot resume {}: {} changed since it began ({:016x}, now {:016x}). {}, or start anew with "
         "--overwrite or in another folder",
         folder_.root().string(), what, before, now, remedy);
  };
  require(state_.config_fingerprint, saved.config_fingerprint, "the config", "Its config.yaml has the old one");
  require(state_.files_fingerprint, saved.files_fingerprint, "the list of training files", "Restore the files");
  require(state_.frozen_fingerprint, saved.frozen_fingerprint, "the base model's weights",
          "Restore the file of model.checkpoint");
}

// False when stopped on the way.
bool Run::train_epoch() {
  const int64_t end = rows_per_epoch(), first = state_.rows;
  const auto& options = trainer_.options();
  Loader loader(set_, state_.epoch, first, end, options.workers, std::max(batch_size(), 2 * options.workers));
  Progress progress(fmt::format("epoch {}/{}", state_.epoch + 1, epochs()), end, first);
  const auto start = Clock::now();
  while (state_.rows < end) {
    const auto step_start = Clock::now();
    const StepLoss loss = trainer_.step(loader.next(batch_size()), state_.epoch);
    state_.rows += batch_size();
    ++state_.step;
    auto& sums = state_.sums;
    sums = {sums.loss + loss.loss, sums.mask + loss.mask, sums.dice + loss.dice, sums.iou + loss.iou};
    log_->write(line("step", state_.epoch + 1, loss, static_cast<double>(batch_size()) / seconds_since(step_start)));
    progress.update(state_.rows, fmt::format("loss {:.4f}  lr {:.2g}", mean(sums, state_.rows / batch_size()).loss,
                                             trainer_.learning_rate(state_.epoch)));
    if (stop_) {
      save();
      return false;
    }
    if (seconds_since(saved_at_) >= 60 * options.save_minutes) save();
  }
  const double seconds = std::max(seconds_since(start), 1e-9);
  images_per_s_ = static_cast<double>(end - first) / seconds;
  data_wait_ = loader.seconds_waited() / seconds;
  return true;
}

// Everything that an epoch leaves, its state last: a kill before that repeats the epoch's end.
void Run::finish_epoch() {
  const StepLoss loss = mean(state_.sums, state_.rows / batch_size());
  const int64_t epoch = state_.epoch + 1;
  auto json = line("epoch", epoch, loss, images_per_s_);
  json["data_wait"] = data_wait_;
  std::string summary =
      fmt::format("epoch {}/{}: loss {:.4f}, {:.2f} images/s", epoch, epochs(), loss.loss, images_per_s_);
  bool best = false;
  if (validate_) {
    save();
    const Validation validation = validate();
    best = validation.score > state_.best_score.value_or(-std::numeric_limits<double>::infinity());
    if (best) state_.best_score = validation.score;
    json["valid"] = validation.metrics;
    json["score"] = validation.score;
    for (const auto& [name, value] : validation.metrics) summary += fmt::format(", {} {:.2f}", name, value);
    if (best) summary += " (best so far)";
  }
  state_.epoch = epoch;
  state_.rows = 0;
  state_.sums = {};
  write_checkpoints(best);
  log_->write(json);
  save();
  spdlog::info("{}", summary);
}

Validation Run::validate() {
  const torch::NoGradGuard no_grad;
  return validate_(trainer_.model());
}

void Run::write_checkpoints(bool best) {
  const bool hq_only = trainer_.options().trainable == Trainable::kHq;
  const auto write = [&](const std::filesystem::path& path, bool (*wanted)(const std::string&)) {
    TensorMap checkpoint = checkpoint_of(trainer_.model(), wanted);
    checkpoint.metadata["epoch"] = std::to_string(state_.epoch);
    checkpoint.metadata["step"] = std::to_string(state_.step);
    write_pth(path, checkpoint);
  };
  write(folder_.checkpoint(state_.epoch), hq_only ? is_hq_key : nullptr);
  if (best) write(folder_.best(), nullptr);
  if (state_.epoch == epochs()) write(folder_.model(), nullptr);
}

void Run::save() {
  save_run_state(folder_.state(), state_, trainer_.state());
  saved_at_ = Clock::now();
}

RunEnd Run::stopped() const {
  spdlog::info("stopped in epoch {} after step {}: --resume goes on", state_.epoch + 1, state_.step);
  return RunEnd::kStopped;
}

nlohmann::ordered_json Run::line(const char* type, int64_t epoch, const StepLoss& loss, double images_per_s) const {
  nlohmann::ordered_json json = {{"type", type},      {"epoch", epoch},         {"step", state_.step},
                                 {"loss", loss.loss}, {"loss_mask", loss.mask}, {"loss_dice", loss.dice}};
  if (trainer_.options().objective == Objective::kSam) json["loss_iou"] = loss.iou;
  json["lr"] = trainer_.learning_rate(epoch - 1);
  json["images_per_s"] = images_per_s;
  return json;
}

}  // namespace

RunEnd run_training(Trainer& trainer, const TrainingSet& set, const RunOptions& options,
                    const std::function<Validation(SamHq&)>& validate, const std::atomic<bool>& stop) {
  return Run(trainer, set, options, validate, stop).go();
}

}  // namespace hqsam
