// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>

#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/core/left_behind.h"
#include "hqsam/core/text.h"
#include "hqsam/data/on_error.h"
#include "hqsam/train/ranks.h"
#include "hqsam/train/training_loop.h"

namespace hqsam {
namespace {

constexpr char kStopRequested[] = "a stop was requested";

}  // namespace

// The thread of a read that hangs keeps the data set.
Sample StoppableDataset::get(int64_t index) const {
  using namespace std::chrono_literals;
  const auto refuse = [] { throw StopRequested(fmt::format("[StoppableDataset] {}", kStopRequested)); };
  if (stop_) refuse();
  const auto sample = std::make_shared<Sample>();
  if (!run_or_leave([sample, index, dataset = dataset_] { *sample = dataset->get(index); }, stop_, 3s)) refuse();
  return std::move(*sample);
}

bool TrainingLoop::validation_due() const {
  if (!validate_ || state_.validated >= state_.step) return false;
  const bool epoch_done = state_.rows >= rows_per_epoch();
  if (state_.step == last_step()) return epoch_done;
  if (train().validate_every.steps > 0) return state_.step % train().validate_every.steps == 0;
  return epoch_done && (state_.epoch + 1) % train().validate_every.epochs == 0;
}

// False when stopped.
bool TrainingLoop::validate_within_epoch() {
  const std::optional<Json> rated = validate_and_rate();
  if (!rated) return false;
  state_.validated = state_.step;
  if (!files_) return true;
  write_checkpoints(/*epoch_done=*/false, rated->at("best"));
  files_->log({{"type", "valid"},
               {"epoch", state_.epoch + 1},
               {"step", state_.step},
               {"valid", rated->at("valid")},
               {"score", rated->at("score")}});
  if (done()) {
    files_->save_or_throw(state_, trainer_.state());
  } else {
    save();
  }
  spdlog::info("step {}: {}", state_.step, rating_text(*rated));
  return true;
}

// "hq.mbiou 71.30 (best so far)"
std::string TrainingLoop::rating_text(const Json& rated) {
  const Json& score = rated.at("score");
  return fmt::format("{} {}{}", rated.at("by").get<std::string>(),
                     score.is_null() ? "not finite" : fmt::format("{:.2f}", score.get<double>()),
                     rated.at("best").get<bool>() ? " (best so far)" : "");
}

// {"valid", "score" (null where it is not finite), "by" (the score's name), "best"} as rank 0 has it; nothing when
// stopped.
std::optional<nlohmann::ordered_json> TrainingLoop::validate_and_rate() {
  if (files_) save();
  const std::optional<Validation> validation = validate();
  if (!validation) return std::nullopt;
  const double own_score = score_of(*validation);
  const Json rated = Json::parse(from_main(
      group_, Json{{"valid", validation->metrics},
                   {"score", own_score},
                   {"by", train().best_metric.empty() ? "score" : train().best_metric},
                   {"best", std::isfinite(own_score) && (!state_.best_score || own_score > *state_.best_score)}}
                  .dump(-1, ' ', false, Json::error_handler_t::replace)));
  if (rated.at("best")) {
    state_.best_score = rated.at("score").get<double>();
    state_.stale = 0;
  } else {
    ++state_.stale;
    if (files_ && rated.at("score").is_null()) {
      spdlog::warn("step {}: the validation's {} is not finite and cannot be the best", state_.step,
                   rated.at("by").get<std::string>());
    }
  }
  const bool enough = train().patience > 0 && state_.stale >= train().patience;
  if (enough && files_ && state_.step < last_step()) {
    spdlog::info("{} validations in a row without a new best: the run ends here", state_.stale);
  }
  state_.finished = enough;
  return rated;
}

// Nothing when stopped on the way; the state was saved before.
std::optional<Validation> TrainingLoop::validate() {
  const torch::NoGradGuard no_grad;
  const AverageScope average(trainer_);
  try {
    return validate_(trainer_.model());
  } catch (const Error& error) {
    if (std::string(error.what()).find(kStopRequested) == std::string::npos) throw;
    return std::nullopt;
  }
}

double TrainingLoop::score_of(const Validation& validation) const {
  const std::string& name = train().best_metric;
  if (name.empty()) return validation.score;
  const auto found = validation.metrics.find(name);
  if (found != validation.metrics.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, value] : validation.metrics) names.push_back(known);
  fail("run_training", "train.best_metric is '{}', validation has {}{}; change it and go on with --resume", name,
       fmt::join(names, ", "), did_you_mean(name, names));
}

}  // namespace hqsam
