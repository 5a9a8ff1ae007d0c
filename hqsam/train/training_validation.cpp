// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>

#include <cmath>
#include <limits>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/data/on_error.h"
#include "hqsam/train/ranks.h"
#include "hqsam/train/training_loop.h"

namespace hqsam {
namespace {

using Json = nlohmann::ordered_json;

Json finite_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json metrics_json(const std::map<std::string, double>& metrics) {
  Json json = Json::object();
  for (const auto& [name, value] : metrics) json[name] = finite_or_null(value);
  return json;
}

// Rank 0's on every rank.
Rating rating_of_main(Group& group, const Rating& mine) {
  const Json own = {
      {"metrics", metrics_json(mine.metrics)}, {"score", mine.score ? Json(*mine.score) : Json()}, {"best", mine.best}};
  const Json main = Json::parse(from_main(group, own.dump(-1, ' ', false, Json::error_handler_t::replace)));
  Rating rating{{}, std::nullopt, main.at("best").get<bool>()};
  for (const auto& [name, value] : main.at("metrics").items()) {
    rating.metrics[name] = value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
  }
  if (!main.at("score").is_null()) rating.score = main.at("score").get<double>();
  return rating;
}

}  // namespace

bool TrainingLoop::validation_due() const {
  if (!validate_ || state_.validated >= state_.step) return false;
  const bool epoch_done = state_.rows >= rows_per_epoch();
  if (state_.step == last_step()) return epoch_done;
  if (train().validate_every.steps > 0) return state_.step % train().validate_every.steps == 0;
  return epoch_done && (state_.epoch + 1) % train().validate_every.epochs == 0;
}

Next TrainingLoop::validate_within_epoch() {
  const std::optional<Rating> rating = validate_and_rate();
  if (!rating) return Next::kStop;
  state_.validated = state_.step;
  if (!files_) return go_on_or_end();
  write_checkpoints(/*epoch_done=*/false, rating->best);
  Json json = {{"type", "valid"}, {"epoch", state_.epoch + 1}, {"step", state_.step}};
  put_rating(*rating, json);
  files_->log(json);
  save();
  spdlog::info("step {}: {}", state_.step, rating_text(*rating));
  return go_on_or_end();
}

std::string TrainingLoop::score_name() const { return train().best_metric.empty() ? "score" : train().best_metric; }

// "hq.mbiou 71.30 (best so far)"
std::string TrainingLoop::rating_text(const Rating& rating) const {
  return fmt::format("{} {}{}", score_name(), rating.score ? fmt::format("{:.2f}", *rating.score) : "not finite",
                     rating.best ? " (best so far)" : "");
}

void TrainingLoop::put_rating(const Rating& rating, Json& json) {
  json["valid"] = metrics_json(rating.metrics);
  json["score"] = rating.score ? Json(*rating.score) : Json();
}

// Nothing when stopped.
std::optional<Rating> TrainingLoop::validate_and_rate() {
  if (files_) save();
  const std::optional<Validation> validation = validate();
  if (!validation) return std::nullopt;
  Rating own{validation->metrics, score_of(*validation)};
  if (!std::isfinite(*own.score)) own.score.reset();
  own.best = own.score && (!state_.best_score || *own.score > *state_.best_score);
  const Rating rating = rating_of_main(group_, own);
  if (rating.best) {
    state_.best_score = rating.score;
    state_.stale = 0;
  } else {
    ++state_.stale;
    if (files_ && !rating.score) {
      spdlog::warn("step {}: the validation's {} is not finite and cannot be the best", state_.step, score_name());
    }
  }
  const bool enough = train().patience > 0 && state_.stale >= train().patience;
  if (enough && files_ && state_.step < last_step()) {
    spdlog::info("{} validations in a row without a new best: the run ends here", state_.stale);
  }
  state_.finished = enough;
  return rating;
}

// Nothing when stopped on the way; the state was saved before.
std::optional<Validation> TrainingLoop::validate() {
  const torch::NoGradGuard no_grad;
  const AverageScope average(trainer_);
  try {
    return validate_(trainer_.model());
  } catch (const Stopped&) {
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
