// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>

#include <cmath>
#include <limits>

#include "hqsam/core/clock.h"
#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/data/on_error.h"
#include "hqsam/train/ranks.h"
#include "hqsam/train/training_loop.h"
#include "hqsam/train/training_words.h"

namespace hqsam {
namespace {

using Json = nlohmann::ordered_json;

Json finite_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json metrics_json(const std::map<std::string, double>& metrics) {
  Json json = Json::object();
  for (const auto& [name, value] : metrics) json[name] = finite_or_null(value);
  return json;
}

Json gains_json(const std::map<std::string, Interval>& gains) {
  Json json = Json::object();
  for (const auto& [name, gain] : gains) json[name] = interval_json(gain);
  return json;
}

// Rank 0's score and whether it is the best, on every rank; what else there is to tell rank 0 has anyway.
Rating rating_of_main(Group& group, Rating mine) {
  const Json own = {{"score", mine.score ? Json(*mine.score) : Json()}, {"best", mine.best}};
  const Json main = Json::parse(from_main(group, own.dump()));
  mine.best = main.at("best").get<bool>();
  mine.score.reset();
  if (!main.at("score").is_null()) mine.score = main.at("score").get<double>();
  return mine;
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
  spdlog::info("step {}: {}{}", state_.step, rating_text(*rating), rating->best ? ", best so far" : "");
  return go_on_or_end();
}

int64_t TrainingLoop::validations_left() const {
  return validate_ ? validations_in(std::max<int64_t>(last_step() - state_.step, 0), train(), steps_per_epoch()) : 0;
}

std::string TrainingLoop::score_name() const { return train().best_metric.empty() ? "score" : train().best_metric; }

// "" where the score has no name of its own.
std::string TrainingLoop::score_metric(const Validation& validation) const {
  return train().best_metric.empty() ? validation.score_by : train().best_metric;
}

// "mBIoU 34.85 (SAM 16.40, +18.45 [+15.01, +21.90])"
std::string TrainingLoop::rating_text(const Rating& rating) const {
  if (!rating.score) return score_name() + " not finite";
  const std::string metric = score_metric(rating.validation);
  return metric.empty() ? fmt::format("{} {:.2f}", score_name(), *rating.score)
                        : metric_text(rating.validation, metric, *rating.score);
}

void TrainingLoop::put_rating(const Rating& rating, Json& json) {
  const Validation& validation = rating.validation;
  json["valid"] = metrics_json(validation.metrics);
  json["score"] = rating.score ? Json(*rating.score) : Json();
  if (!validation.gains.empty()) json["gains"] = gains_json(validation.gains);
  if (!validation.best_masks.empty()) json["best_masks"] = validation.best_masks;
  if (validation.masks == 0) return;
  json["pictures"] = validation.pictures;
  json["masks"] = validation.masks;
}

// What the run begins with, where it validates: measured once, before the first step, or known from before a resume.
Next TrainingLoop::measure_start() {
  if (!options_.start || !validate_) return Next::kGoOn;
  RunStart& start = *options_.start;
  const std::string kept = files_ ? files_->start() : "";
  const bool known = !kept.empty() && start.recall(kept);
  if (any_rank(group_, known)) return Next::kGoOn;
  if (state_.step > 0 && !start.stays()) {
    if (files_) spdlog::warn("what the run began with is not known for these validation sets: no gains are told");
    return Next::kGoOn;
  }
  const torch::NoGradGuard no_grad;
  Validation validation;
  try {
    validation = start.measure(trainer_.model());
  } catch (const Stopped&) {
    return save_and_stop();
  }
  if (!files_) return Next::kGoOn;
  spdlog::info("{}", start_text(validation));
  if (const std::string advice = start_advice(validation); !advice.empty()) spdlog::warn("{}", advice);
  if (state_.step == 0) {
    Json json = {{"type", "valid"}, {"epoch", 1}, {"step", 0}, {"valid", metrics_json(validation.metrics)}};
    json["pictures"] = validation.pictures;
    json["masks"] = validation.masks;
    files_->log(json);
  }
  files_->keep_start(start.text());
  return Next::kGoOn;
}

// Nothing when stopped.
std::optional<Rating> TrainingLoop::validate_and_rate() {
  if (files_) save();
  const auto begin = std::chrono::steady_clock::now();
  const std::optional<Validation> validation = validate();
  if (!validation) return std::nullopt;
  validation_seconds_ = seconds_since(begin);
  Rating own{*validation, score_of(*validation)};
  if (!std::isfinite(*own.score)) own.score.reset();
  own.best = own.score && (!state_.best_score || *own.score > *state_.best_score);
  const Rating rating = rating_of_main(group_, own);
  last_validation_ = rating.validation;
  state_.best_masks = rating.validation.best_masks;
  const std::string metric = score_metric(rating.validation);
  if (rating.score && !metric.empty()) last_rating_ = metric_text(rating.validation, metric, *rating.score, true);
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
