// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/run_files.h"

#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "hqsam/core/clock.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"

namespace hqsam {
namespace {

constexpr int kMostFailures = 3;
constexpr double kMostFailingSeconds = 30 * 60;

}  // namespace

RunFiles::RunFiles(const RunOptions& options, int64_t keep_states)
    : options_(options), folder_(options.output), keep_states_(keep_states) {}

std::optional<SavedRun> RunFiles::open(const RunState& begun) {
  const std::string root = folder_.root().string();
  const bool holds_run = folder_.holds_run();
  const bool begun_by_this_launch =
      holds_run && !options_.launch_id.empty() && folder_.launch_id() == options_.launch_id;
  const bool goes_on = options_.resume || begun_by_this_launch;
  // A run that was stopped before it wrote anything: what started it says --resume as ever.
  if (goes_on && !holds_run) spdlog::warn("{} holds no run to resume: starting anew", root);
  if (!goes_on && !options_.overwrite && holds_run) {
    fail("run_training", "{} holds a run already: --resume goes on with it, --overwrite replaces it", root);
  }
  folder_.create();
  lock_.emplace(folder_.lock());
  std::optional<SavedRun> saved;
  if (goes_on && folder_.holds_state()) {
    saved = resume(begun);
  } else {
    if (goes_on && folder_.holds_weights()) {
      fail("run_training", "{} holds checkpoints but no state to resume from: --overwrite starts anew", root);
    }
    if (goes_on && holds_run) spdlog::info("the run in {} ended before its first save: starting anew", root);
    start_anew();
  }
  log_.emplace(folder_.metrics());
  return saved;
}

void RunFiles::start_anew() {
  folder_.clear();
  folder_.remove_unfinished();
  folder_.set_launch_id(options_.launch_id);  // only now: an older run's files are never taken for this launch's
  write_file(folder_.config(), options_.config_text);
}

std::optional<SavedRun> RunFiles::resume(const RunState& begun) {
  SavedRun saved = newest_state();
  require_same(begun, saved.state);
  folder_.remove_unfinished();
  cut_metrics(folder_.metrics(), saved.state.step, saved.state.epoch, saved.state.validated);
  return saved;
}

// The newest state that can be read and verifies. The others are then set aside: they would push whole ones out.
SavedRun RunFiles::newest_state() {
  const auto states = folder_.states();
  next_state_ = RunFolder::state_number(states.back()) + 1;
  std::vector<std::string> damages;
  for (auto path = states.rbegin(); path != states.rend(); ++path) {
    try {
      SavedRun saved = load_run_state(*path);
      for (auto damaged = states.rbegin(); damaged != path; ++damaged) {
        std::error_code ignored;  // it stays where it is, and is found damaged again
        std::filesystem::rename(*damaged, damaged->string() + ".damaged", ignored);
      }
      spdlog::info("going on from {}", path->string());
      return saved;
    } catch (const DamagedState& error) {
      spdlog::warn("a state is passed over: {}", error.what());
      damages.emplace_back(error.what());
    }
  }
  fail("run_training", "no state in {} is whole and can be read; mend that, or start anew with --overwrite: {}",
       folder_.root().string(), fmt::join(damages, "; "));
}

void RunFiles::require_same(const RunState& now, const RunState& saved) const {
  const auto require = [&](uint64_t mine, uint64_t before, const char* what, const char* remedy) {
    if (mine == before) return;
    fail("run_training",
         "cannot resume {}: {} changed since it began ({:016x}, now {:016x}). {}, or start anew with "
         "--overwrite or in another folder",
         folder_.root().string(), what, before, mine, remedy);
  };
  if (now.config_fingerprint != saved.config_fingerprint) refuse_other_config();
  require(now.files_fingerprint, saved.files_fingerprint, "the list of training files", "Restore the files");
  require(now.frozen_fingerprint, saved.frozen_fingerprint, "the base model's weights",
          "Restore the file of model.checkpoint");
}

// By its keys, where the config of before tells them.
void RunFiles::refuse_other_config() const {
  const std::string root = folder_.root().string(), file = folder_.config().string();
  const std::string keys = options_.what_changed ? options_.what_changed(folder_.config()) : "";
  if (keys.empty()) {
    fail(
        "run_training",
        "cannot resume {}: the config changed since it began. {} has the old one; or start anew with --overwrite or in "
        "another folder",
        root, file);
  }
  const std::string model = std::filesystem::exists(folder_.model()) ? folder_.model().string() : "its best.pth";
  fail("run_training",
       "cannot resume {}: the config changed since it began: {}. Go on with {}; or begin another run from these "
       "weights, "
       "with model.checkpoint {} and another output",
       root, keys, file, model);
}

std::string RunFiles::start() const {
  try {
    return std::filesystem::exists(folder_.start()) ? read_file(folder_.start(), kAnySize) : "";
  } catch (const std::exception& error) {
    spdlog::warn("what the run began with cannot be read: {}", error.what());
    return "";
  }
}

void RunFiles::keep_start(const std::string& text) {
  try {
    write_file(folder_.start(), text);
  } catch (const Error& error) {
    spdlog::warn("what the run began with cannot be kept: {}", error.what());
  }
}

void RunFiles::log(const nlohmann::ordered_json& line) {
  log_->write(line);
  if (options_.on_line) options_.on_line(line);
}

void RunFiles::write(const std::filesystem::path& path, TensorMap checkpoint) {
  try {
    write_pth(path, checkpoint);
    waiting_.erase(path.string());
  } catch (const Error& error) {
    spdlog::warn("{}: it will be tried again with the next save", error.what());
    for (auto& [key, tensor] : checkpoint.tensors) tensor = tensor.clone();
    waiting_[path.string()] = std::move(checkpoint);
  }
}

void RunFiles::write_all(const RunState& state, const TensorMap& tensors) {
  while (!waiting_.empty()) {
    write_pth(waiting_.begin()->first, waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
  }
  log_->flush();
  save_run_state(folder_.state(next_state_), state, tensors);
  ++next_state_;
  const auto states = folder_.states();
  for (size_t i = 0; i + static_cast<size_t>(keep_states_) < states.size(); ++i) {
    std::error_code ignored;  // one state too many does no harm
    std::filesystem::remove(states[i], ignored);
  }
}

bool RunFiles::save(const RunState& state, const TensorMap& tensors) {
  std::string reason;
  saved_at_ = Clock::now();
  try {
    write_all(state, tensors);
  } catch (const Error& error) {
    reason = error.what();
  }
  if (reason.empty()) {
    if (failures_ > 0) spdlog::info("saving works again: {}", folder_.root().string());
    failures_ = 0;
    return true;
  }
  if (failures_++ == 0) failing_since_ = Clock::now();
  if (failures_ >= kMostFailures || seconds_since(failing_since_) >= kMostFailingSeconds) {
    fail("run_training", "saving failed {} times in a row, over {:.0f} s; make room and go on with --resume. {}",
         failures_, seconds_since(failing_since_), reason);
  }
  spdlog::warn("cannot save, the run goes on and tries again at the next save ({} of {}): {}", failures_, kMostFailures,
               reason);
  return false;
}

void RunFiles::save_or_throw(const RunState& state, const TensorMap& tensors) {
  write_all(state, tensors);
  failures_ = 0;
  saved_at_ = Clock::now();
}

double RunFiles::seconds_since_save() const { return seconds_since(saved_at_); }

}  // namespace hqsam
