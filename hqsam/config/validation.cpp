// SPDX-License-Identifier: Apache-2.0
#include "hqsam/config/validation.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/data/open_dataset.h"
#include "hqsam/data/stoppable_dataset.h"
#include "hqsam/metrics/names.h"
#include "hqsam/ops/autocast.h"

namespace hqsam {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kVersion = 1;  // of what is kept of a run's start

// The metrics of a result by the names that a run has for them. start_kind: instead of the kind of mask; "" = that.
Validation validation_of(const EvaluateResult& result, MaskKind lead, const std::string& start_kind) {
  const auto mean = result.mean.find(lead);
  if (mean == result.mean.end() || !mean->second.contains("mbiou")) {
    fail("validation", "no mask of data.valid could be scored");
  }
  Validation validation{mean->second.at("mbiou"), {}};
  const auto put = [&](const std::string& set, const MetricsByKind& of_kinds) {
    for (const auto& [kind, metrics] : of_kinds) {
      const std::string name = start_kind.empty() ? to_string(kind) : start_kind;
      for (const auto& [metric, value] : metrics) validation.metrics[set + name + "." + metric] = value;
    }
  };
  put("", result.mean);
  for (const SetResult& set : result.sets) {
    put(set.name + "/", set.metrics);
    validation.pictures += set.images;
  }
  validation.masks = std::ssize(result.samples);
  validation.score_by = (start_kind.empty() ? to_string(lead) : start_kind) + ".mbiou";
  return validation;
}

}  // namespace

EvaluateOptions validation_options(const Config& config) {
  EvaluateOptions options = config.evaluations.empty() ? config.evaluate : config.evaluations.front();
  options.masks = {MaskKind::kHq, MaskKind::kSum};  // the sum, to know which masks predict is to take
  if (config.train.objective != Objective::kHq) options.masks = {MaskKind::kSam};
  return options;
}

RunValidation::RunValidation(const Config& config, std::vector<NamedDataset> sets, std::shared_ptr<Group> group,
                             const std::atomic<bool>& stop)
    : sets_(std::move(sets)),
      group_(std::move(group)),
      options_(validation_options(config)),
      precision_(config.train.precision),
      fingerprint_(validation_fingerprint(config)) {
  if (options_.origin == PromptOrigin::kDetector || options_.origin == PromptOrigin::kProposals) {
    fail("open_validation",
         "the first prompt of evaluate is {}, which yields no mbiou: begin with another, or set data.valid=[]",
         prompt_name(options_));
  }
  const bool hq = config.train.objective == Objective::kHq;
  stays_ = hq && config.train.trainable == Trainable::kHq;
  start_kind_ = hq ? "sam" : "start";
  for (NamedDataset& set : sets_) {
    look_before_run(set.name, *set.dataset, config.evaluate.workers, config.evaluate.on_error);
    set.dataset = std::make_shared<StoppableDataset>(set.dataset, stop);
  }
}

EvaluateResult RunValidation::evaluate_masks(SamHq& model, const EvaluateOptions& options) {
  const torch::Device device = model->device();
  const Bf16Scope bf16(device.type(), runs_in_bf16(precision_, device));
  return evaluate(model, sets_, options, *group_);
}

Validation RunValidation::validate(SamHq& model) {
  const EvaluateResult result = evaluate_masks(model, options_);
  Validation validation = validation_of(result, options_.masks.front(), "");
  if (const auto best = best_masks(result)) validation.best_masks = to_string(best->kind);
  if (known_) add_gains(result, validation);
  return validation;
}

Validation RunValidation::measure(SamHq& model) {
  EvaluateOptions options = options_;
  options.masks = {MaskKind::kSam};
  const EvaluateResult result = evaluate_masks(model, options);
  start_ = validation_of(result, MaskKind::kSam, start_kind_);
  start_scores_.clear();
  for (const SampleResult& sample : result.samples) {
    const SampleResult::Scores& scores = sample.scores.at(MaskKind::kSam);
    start_scores_[{sample.set, sample.image_path, sample.mask_index}] = {100 * scores.iou, 100 * scores.boundary_iou};
  }
  known_ = group_->is_main();  // what the others would tell nobody hears
  if (on_start) on_start(model);
  return start_;
}

void RunValidation::add_gains(const EvaluateResult& result, Validation& validation) {
  for (const auto& [name, value] : start_.metrics) {
    const std::string metric = split_metric(name).metric;
    const bool of_curve = metric.starts_with("recall") || metric.find("_click") != std::string::npos;
    if (!of_curve) validation.metrics[name] = value;
  }
  for (const MaskKind kind : options_.masks) {
    std::vector<double> iou, boundary_iou;
    for (const SampleResult& sample : result.samples) {
      const auto start = start_scores_.find({sample.set, sample.image_path, sample.mask_index});
      if (start == start_scores_.end()) continue;
      const SampleResult::Scores& scores = sample.scores.at(kind);
      iou.push_back(100 * scores.iou - start->second.iou);
      boundary_iou.push_back(100 * scores.boundary_iou - start->second.boundary_iou);
    }
    if (iou.size() != result.samples.size()) {  // other pictures lie in the folders now
      if (!std::exchange(told_, true)) {
        spdlog::warn("{} of {} masks were not there when the run began: no gains are told",
                     result.samples.size() - iou.size(), result.samples.size());
      }
      return;
    }
    const std::string name = to_string(kind) + "-" + start_kind_ + ".";
    validation.gains[name + "miou"] = bootstrap_mean(iou);
    validation.gains[name + "mbiou"] = bootstrap_mean(boundary_iou);
  }
}

std::string RunValidation::text() const {
  Json head = {{"version", kVersion},
               {"validation", fingerprint_},
               {"kind", start_kind_},
               {"pictures", start_.pictures},
               {"masks", start_.masks}};
  head["metrics"] = Json::object();
  for (const auto& [name, value] : start_.metrics) head["metrics"][name] = value;
  const auto line = [](const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; };
  std::string text = line(head);
  for (const auto& [key, scores] : start_scores_) {
    text += line({{"set", std::get<0>(key)},
                  {"file", std::get<1>(key)},
                  {"mask", std::get<2>(key)},
                  {"iou", scores.iou},
                  {"biou", scores.boundary_iou}});
  }
  return text;
}

bool RunValidation::recall(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  try {
    std::getline(lines, line);
    const auto head = json_object_or_nothing(line).value_or(nullptr);
    if (head.at("version") != kVersion || head.at("validation") != fingerprint_ || head.at("kind") != start_kind_) {
      return false;
    }
    start_.metrics = head.at("metrics").get<std::map<std::string, double>>();
    start_.pictures = head.at("pictures");
    start_.masks = head.at("masks");
    start_scores_.clear();
    while (std::getline(lines, line)) {
      const auto json = json_object_or_nothing(line).value_or(nullptr);
      start_scores_[{json.at("set").get<std::string>(), json.at("file").get<std::string>(),
                     json.at("mask").get<int64_t>()}] = {json.at("iou").get<double>(), json.at("biou").get<double>()};
    }
  } catch (const nlohmann::json::exception&) {
    return false;
  }
  known_ = std::ssize(start_scores_) == start_.masks;
  return known_;
}

}  // namespace hqsam
