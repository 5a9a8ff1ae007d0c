// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/training_loop.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>

#include "hqsam/core/clock.h"
#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/model/best_masks.h"
#include "hqsam/model/checkpoint.h"
#include "hqsam/train/memory.h"
#include "hqsam/train/ranks.h"
#include "hqsam/train/training_words.h"

namespace hqsam {
namespace {

constexpr const char* kFunction = "run_training";

void set_losses_to_null(nlohmann::ordered_json& line) {
  for (const char* key : {"loss", "loss_mask", "loss_dice", "loss_iou"}) {
    if (line.contains(key)) line[key] = nullptr;
  }
}

StepLoss mean(const StepLoss& sums, int64_t steps) {
  const double n = static_cast<double>(std::max<int64_t>(steps, 1));
  return {sums.loss / n, sums.mask / n, sums.dice / n, sums.iou / n};
}

}  // namespace

RunEnd TrainingLoop::go() {
  check();
  share_weights();
  if (open() == Next::kEnd) return RunEnd::kFinished;
  if (files_) tell_plan();
  Next next = any_rank(group_, stop_) ? save_and_stop() : measure_start();
  while (next == Next::kGoOn) {
    next = train_epoch();
    if (next == Next::kGoOn) next = finish_epoch();
    if (next == Next::kGoOn && any_rank(group_, stop_)) next = Next::kStop;
  }
  if (next == Next::kStop) return stopped();
  group_.barrier();  // no rank ends well before rank 0 has written the model
  if (files_) tell_end();
  return RunEnd::kFinished;
}

// One model on all ranks, and one config and list of files.
void TrainingLoop::share_weights() {
  broadcast_model(trainer_.model(), group_);
  trainer_.broadcast_state();
  trainer_.open_cache();
  state_.config_fingerprint = options_.config_fingerprint;
  state_.files_fingerprint = set_.file_list_fingerprint();
  state_.frozen_fingerprint = frozen_fingerprint(trainer_);
  if (group_.size() == 1) return;
  require_equal(group_, std::to_string(state_.config_fingerprint), kFunction, "the config");
  require_equal(group_, std::to_string(state_.files_fingerprint), kFunction, "the list of training files");
  const ValidateEvery& every = train().validate_every;
  require_equal(group_,
                fmt::format("{} {} {} {} {} {}", validate_ != nullptr, options_.validation_fingerprint, every.epochs,
                            every.steps, train().patience, train().best_metric),
                kFunction, "the plan of validations");
  require_equal(group_, fmt::format("{} {}", state_.frozen_fingerprint, trained_fingerprint(trainer_)), kFunction,
                "the model");
}

// Rank 0 reads and checks, the others follow.
Next TrainingLoop::open() {
  std::optional<SavedRun> saved;
  if (group_.is_main()) {
    files_.emplace(options_, train().keep_states);
    saved = files_->open(state_);
    if (saved) trainer_.load_state(saved->tensors);
  }
  const std::string text = from_main(group_, saved ? to_json(saved->state) : "");
  if (!text.empty()) state_ = run_state_from_json(text);
  if (state_.best_by != train().best_metric) {  // the best of another measure says nothing
    if (files_ && state_.best_score) spdlog::info("train.best_metric changed: the best is looked for anew");
    state_.best_score.reset();
    state_.stale = 0;
  }
  state_.best_by = train().best_metric;
  if (text.empty()) return Next::kGoOn;
  state_.finished = train().patience > 0 && state_.stale >= train().patience;
  trainer_.broadcast_state();
  if (done()) {
    if (files_) spdlog::info("the run in {} is finished: {} steps", files_->folder().root().string(), state_.step);
    if (files_ && !std::filesystem::exists(files_->folder().model())) {  // someone took it away
      write_checkpoints(/*epoch_done=*/false, /*best=*/false);
      save_finally();
    }
    return Next::kEnd;
  }
  if (files_) spdlog::info("resuming in epoch {} after step {}", state_.epoch + 1, state_.step);
  return Next::kGoOn;
}

Next TrainingLoop::train_epoch() {
  const int64_t end = rows_per_epoch(), first = state_.rows, batch = batch_size();
  const auto [from, to] = share_of_batch();
  std::vector<int64_t> positions;  // of this rank's rows
  for (int64_t begin = first; begin < end; begin += batch) {
    for (int64_t row = from; row < to; ++row) positions.push_back(begin + row);
  }
  Loader loader(set_, state_.epoch, std::move(positions), train().workers, std::max(to - from, 2 * train().workers));
  std::optional<Progress> progress;
  if (files_) progress.emplace(fmt::format("epoch {}/{}", state_.epoch + 1, train().epochs), end, first);
  const double waited_until_now = state_.waited;
  while (state_.rows < end) {
    if (validation_due()) {
      const Next next = validate_within_epoch();
      if (next != Next::kGoOn) return next;
    }
    const auto step_start = std::chrono::steady_clock::now();
    const double waited_before = loader.seconds_waited();
    const StepResult result = step_or_save(loader);
    if (result.given_up) return save_and_stop();
    const double took = std::max(seconds_since(step_start), 1e-9);
    state_.seconds += took;
    state_.waited = waited_until_now + loader.seconds_waited();
    state_.timed_rows += batch;
    step_seconds_ += took;
    ++steps_taken_;
    if (files_) log_step(result, took, loader.seconds_waited() - waited_before, &*progress);
    count_unread(loader, result);
    count_skip(result);
    if (result.stop) return save_and_stop();
    if (files_ && files_->seconds_since_save() >= 60 * train().save_minutes) save();
  }
  return Next::kGoOn;
}

// A stop that finds nothing worth saving is an Error.
Next TrainingLoop::save_and_stop() {
  require_finite();
  if (files_) save_finally();
  return Next::kStop;
}

// Where a rank fails before its step is done, by a picture that cannot be read or in the group, the weights are those
// of the step before: rank 0 saves them, so that nothing is lost.
StepResult TrainingLoop::step_or_save(Loader& loader) {
  try {
    return take_step(loader);
  } catch (const Error&) {
    if (files_ && trainer_.is_finite()) {
      try {
        save_finally();
        spdlog::info("the state after step {} is saved: mend the cause, and go on with --resume", state_.step);
      } catch (const Error& error) {
        spdlog::warn("the state after step {} cannot be saved: {}", state_.step, error.what());
      }
    }
    throw;
  }
}

StepResult TrainingLoop::take_step(Loader& loader) {
  const auto [from, to] = share_of_batch();
  const auto rows = loader.next_unless(stop_, to - from);
  if (!rows) spdlog::warn("rows of epoch {} do not come; the run stops after step {}", state_.epoch + 1, state_.step);
  const Vote vote = !rows ? Vote::kGiveUp : stop_ ? Vote::kStop : Vote::kGoOn;
  const StepResult result =
      trainer_.step(rows.value_or(std::vector<TrainingRow>()), state_.epoch, learning_rate(state_.step), vote);
  if (result.given_up) return result;
  state_.rows += batch_size();
  ++state_.step;
  const int64_t unread = batch_size() - result.rows;
  state_.unread += unread;
  state_.unread_in_epoch += unread;
  if (result.rows == 0) return result;
  if (result.skipped) {
    ++state_.skipped;
    ++state_.skipped_in_row;
    return result;
  }
  state_.skipped_in_row = 0;
  ++state_.summed;
  auto& sums = state_.sums;
  sums = {sums.loss + result.loss, sums.mask + result.mask, sums.dice + result.dice, sums.iou + result.iou};
  return result;
}

// The mean over the epoch so far.
std::string TrainingLoop::epoch_loss_text() const {
  return state_.summed == 0 ? "none" : fmt::format("{:.4f}", mean(state_.sums, state_.summed).loss);
}

void TrainingLoop::log_step(const StepResult& result, double seconds, double waited, Progress* progress) {
  Json json = line("step", state_.epoch + 1, result);
  if (result.skipped) {
    set_losses_to_null(json);
    json["skipped_because"] = result.reason;
  }
  const double memory = peak_memory_gib(), device_memory = peak_device_memory_gib(trainer_.device());
  const double wait_share = waited / seconds;
  const double left =
      static_cast<double>(last_step() - state_.step) * step_seconds_ / static_cast<double>(steps_taken_) +
      static_cast<double>(validations_left()) * validation_seconds_;
  json["images_per_s"] = static_cast<double>(batch_size()) / seconds;
  json["data_wait"] = wait_share;
  if (!result.skipped) json["grad_norm"] = result.gradient_norm;
  json["memory_gib"] = memory;
  if (device_memory > 0) json["device_memory_gib"] = device_memory;
  json["skipped"] = state_.skipped;
  if (state_.unread > 0) json["unread"] = state_.unread;
  json["seconds_left"] = left;
  files_->log(json);

  std::string note =
      fmt::format("loss {}  lr {:.2g}  data wait {:.0f}%  {:.1f} GiB", epoch_loss_text(),
                  learning_rate(state_.step - 1), 100 * wait_share, device_memory > 0 ? device_memory : memory);
  if (state_.skipped > 0) note += fmt::format("  {} skipped", state_.skipped);
  if (state_.unread > 0) note += fmt::format("  {} unread", state_.unread);
  if (!last_rating_.empty()) note += "  " + last_rating_;
  if (train().epochs > 1) note += fmt::format("  run {} left", human_seconds(left));
  progress->update(state_.rows, note);
}

// Everything that an epoch leaves, its state last: a kill before that repeats the epoch's end.
Next TrainingLoop::finish_epoch() {
  const StepLoss loss = mean(state_.sums, state_.summed);
  const int64_t epoch = state_.epoch + 1;
  Json json = line("epoch", epoch, loss);
  // None of an epoch that an earlier version's state has whole.
  const bool timed = state_.seconds > 0;
  const double speed = timed ? static_cast<double>(state_.timed_rows) / state_.seconds : 0;
  json["images_per_s"] = timed ? Json(speed) : Json();
  json["data_wait"] = timed ? Json(state_.waited / state_.seconds) : Json();
  json["skipped"] = state_.skipped;
  if (state_.unread > 0) json["unread"] = state_.unread;
  if (state_.summed == 0) set_losses_to_null(json);
  std::string summary = fmt::format("epoch {}/{}: loss {}", epoch, train().epochs, epoch_loss_text());
  if (timed) summary += fmt::format(", {:.2f} images/s", speed);
  if (state_.skipped > 0) summary += fmt::format(", {} steps skipped so far", state_.skipped);
  if (state_.unread_in_epoch > 0) summary += fmt::format(", {} rows could not be read", state_.unread_in_epoch);
  require_finite();
  if (epoch == train().epochs) check_learned();
  bool best = false;
  if (validation_due()) {
    const std::optional<Rating> rating = validate_and_rate();
    if (!rating) return Next::kStop;
    best = rating->best;
    put_rating(*rating, json);
    state_.validated = state_.step;
    summary += ", " + rating_text(*rating) + (best ? ", best so far" : "");
  }
  state_.epoch = epoch;
  state_.rows = 0;
  state_.sums = {};
  state_.summed = 0;
  state_.unread_in_epoch = 0;
  state_.timed_rows = 0;
  state_.seconds = state_.waited = 0;
  if (!files_) return go_on_or_end();
  write_checkpoints(/*epoch_done=*/true, best);
  files_->log(json);
  save();
  spdlog::info("{}", summary);
  return go_on_or_end();
}

void TrainingLoop::write_checkpoints(bool epoch_done, bool best) {
  if (!epoch_done && !best && !done()) return;
  const AverageScope average(trainer_);
  // The sum of a layer and its term of low rank may overflow where both are finite.
  if (!not_finite(trainer_.checkpoint(/*trained_only=*/true)).empty()) {
    fail(kFunction, "the weights to save are not finite after step {}: lower train.lr, or train.lora.alpha",
         state_.step);
  }
  const auto write = [&](const std::filesystem::path& path, bool trained_only) {
    TensorMap checkpoint = trainer_.checkpoint(trained_only);
    checkpoint.metadata["epoch"] = std::to_string(state_.epoch);
    checkpoint.metadata["step"] = std::to_string(state_.step);
    const bool known = state_.validated == state_.step && !state_.best_masks.empty();
    if (known) checkpoint.metadata[kBestMasksMetadata] = state_.best_masks;
    files_->write(path, std::move(checkpoint));
  };
  const RunFolder& folder = files_->folder();
  if (epoch_done) write(folder.checkpoint(state_.epoch), true);
  if (best) write(folder.best(), false);
  if (done()) write(folder.model(), false);
}

// On the way a save may fail, for a full disk, and comes again; the last one of a run may not.
void TrainingLoop::save() {
  if (done()) return save_finally();
  require_finite();
  files_->save(state_, trainer_.state());
}

void TrainingLoop::save_finally() { files_->save_or_throw(state_, trainer_.state()); }

RunEnd TrainingLoop::stopped() {
  if (files_) spdlog::info("stopped in epoch {} after step {}: --resume goes on", state_.epoch + 1, state_.step);
  if (files_ && files_->failing()) save_finally();
  group_.barrier();  // rank 0 has saved
  return RunEnd::kStopped;
}

nlohmann::ordered_json TrainingLoop::line(const char* type, int64_t epoch, const StepLoss& loss) const {
  Json json = {{"type", type},      {"epoch", epoch},         {"step", state_.step},
               {"loss", loss.loss}, {"loss_mask", loss.mask}, {"loss_dice", loss.dice}};
  if (train().objective == Objective::kSam) json["loss_iou"] = loss.iou;
  json["lr"] = learning_rate(state_.step - 1);
  return json;
}

}  // namespace hqsam
