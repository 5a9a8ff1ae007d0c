// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/measure.h"

#include <spdlog/fmt/fmt.h>

#include <numeric>

#include "hqsam/evaluate/click_rounds.h"
#include "hqsam/metrics/curves.h"
#include "hqsam/metrics/fine_structure.h"
#include "hqsam/metrics/iou.h"

namespace hqsam {
namespace {

ApPicture average_precision(const PreparedSample& sample, const ApMatcher& matcher, const KindMasks& answer) {
  std::vector<ApPrediction> predictions;
  for (size_t i = 0; i < answer.masks.size(); ++i) {
    predictions.push_back({&answer.masks[i], sample.categories[i], answer.scores[i]});
  }
  return matcher.match(predictions);
}

ApMatcher matcher_of(const PreparedSample& sample, const EvaluateOptions& options) {
  std::vector<ApTruth> truths;
  for (size_t i = 0; i < sample.infos.size(); ++i) {
    const MaskInfo& info = sample.infos[i];
    truths.push_back({&sample.all_masks[i], info.category, info.crowd, info.area, info.frequency});
  }
  ApOptions ap = options.ap;
  ap.boundary = options.boundary_dilation;
  ap.boundary_strict = options.strict_dilation;
  return {truths, ap, sample.federation};
}

void add_click_metrics(const std::vector<std::vector<double>>& curves, int64_t clicks,
                       std::map<std::string, double>& metrics) {
  for (const int percent : {85, 90, 95}) {
    metrics[fmt::format("noc{}", percent)] = mean_clicks_to_reach(curves, percent / 100.0, clicks);
  }
  const std::vector<double> mean = mean_curve(curves, clicks);
  for (size_t i = 0; i < mean.size(); ++i) metrics[fmt::format("miou_click{:02}", i + 1)] = 100 * mean[i];
}

}  // namespace

bool wants_ap(const PreparedSample& sample, const EvaluateOptions& options) {
  return sample.annotated && options.origin != PromptOrigin::kClicks;
}

namespace {

std::map<MaskKind, KindMasks> ask(SamHq& model, const EncodedPicture& picture, const PreparedSample& sample,
                                  const EvaluateOptions& options) {
  std::map<MaskKind, KindMasks> answers;
  if (sample.prompts.empty()) return answers;
  if (options.origin == PromptOrigin::kClicks) {
    for (const MaskKind kind : options.masks) {
      for (ClickTrack& track : run_clicks(model, picture, sample, options, kind)) {
        answers[kind].masks.push_back(std::move(track.mask));
        answers[kind].click_ious.push_back(std::move(track.ious));
      }
    }
    return answers;
  }
  const bool with_iou = wants_ap(sample, options) && sample.box_scores.empty();
  for (const auto& [kind, decoded] : decode_prompts(model, picture, sample.prompts, options.masks, with_iou)) {
    answers[kind].masks = masks_in_image(decoded.logits, sample, options.protocol, model->image_size());
    answers[kind].scores = sample.box_scores;
    if (!with_iou) continue;
    const auto iou = decoded.iou.to(torch::kCPU, torch::kFloat64);
    answers[kind].scores.assign(iou.data_ptr<double>(), iou.data_ptr<double>() + iou.numel());
  }
  return answers;
}

}  // namespace

std::map<MaskKind, KindMasks> answer_prompts(SamHq& model, const EncodedPicture& picture, const PreparedSample& sample,
                                             const EvaluateOptions& options) {
  std::map<MaskKind, KindMasks> answers = ask(model, picture, sample, options);
  if (sample.unknown.pixels.empty()) return answers;
  for (auto& [kind, answer] : answers) {
    for (Mask& mask : answer.masks) {
      for (size_t i = 0; i < mask.pixels.size(); ++i) mask.pixels[i] &= static_cast<uint8_t>(~sample.unknown.pixels[i]);
    }
  }
  return answers;
}

PictureResult measure(const PreparedSample& sample, const std::map<MaskKind, KindMasks>& answers,
                      const EvaluateOptions& options) {
  PictureResult picture;
  picture.skipped = sample.skipped;
  for (size_t i = 0; i < sample.truths.size(); ++i) {
    SampleResult result{sample.set, sample.name, sample.image_path, sample.mask_indexes[i], {}};
    for (const auto& [kind, answer] : answers) {
      const PairScores scores =
          pair_scores(answer.masks[i], sample.truths[i], options.boundary_dilation, options.strict_dilation);
      SampleResult::Scores& of_kind = result.scores[to_string(kind)];
      of_kind = {scores.iou, scores.boundary_iou, scores.strict_boundary_iou};
      if (!answer.click_ious.empty()) of_kind.click_ious = answer.click_ious[i];
      if (!options.fine_structure) continue;
      of_kind.thin_iou = thin_iou(answer.masks[i], sample.truths[i]);
      of_kind.hce = human_correction_efforts(answer.masks[i], sample.truths[i]).total();
    }
    picture.samples.push_back(std::move(result));
  }
  if (!wants_ap(sample, options)) return picture;
  const ApMatcher matcher = matcher_of(sample, options);
  for (const MaskKind kind : options.masks) {
    const auto answer = answers.find(kind);
    picture.ap[to_string(kind)] =
        average_precision(sample, matcher, answer == answers.end() ? KindMasks() : answer->second);
  }
  return picture;
}

SetResult summarize(const std::string& name, std::vector<PictureResult>& pictures, const EvaluateOptions& options,
                    std::vector<SampleResult>& samples) {
  SetResult set{name, static_cast<int64_t>(pictures.size()), 0, {}};
  const size_t first = samples.size();
  std::map<std::string, ApAccumulator> ap;
  for (size_t i = 0; i < pictures.size(); ++i) {
    set.skipped += pictures[i].skipped;
    std::move(pictures[i].samples.begin(), pictures[i].samples.end(), std::back_inserter(samples));
    for (auto& [kind, picture] : pictures[i].ap) {
      ap.try_emplace(kind, options.ap.max_detections).first->second.add(static_cast<int64_t>(i), std::move(picture));
    }
  }
  const auto masks = static_cast<double>(samples.size() - first);
  std::map<std::string, std::vector<double>> boundary_ious;
  std::map<std::string, std::vector<std::vector<double>>> click_ious;
  std::map<std::string, std::map<std::string, std::vector<double>>>
      fine;  // kind -> metric -> of the masks that have it
  for (size_t i = first; i < samples.size(); ++i) {
    for (const auto& [kind, scores] : samples[i].scores) {
      auto& metrics = set.metrics[kind];
      metrics["miou"] += 100 * scores.iou / masks;
      metrics["mbiou"] += 100 * scores.boundary_iou / masks;
      metrics["mbiou_strict"] += 100 * scores.strict_boundary_iou / masks;
      boundary_ious[kind].push_back(scores.boundary_iou);
      if (!scores.click_ious.empty()) click_ious[kind].push_back(scores.click_ious);
      if (scores.thin_iou) fine[kind]["thin_iou"].push_back(100 * *scores.thin_iou);
      if (scores.hce) fine[kind]["hce"].push_back(static_cast<double>(*scores.hce));
    }
  }
  for (const auto& [kind, values] : boundary_ious) {
    for (const int percent : kRecallPercents) {
      set.metrics[kind][fmt::format("recall{}", percent)] = 100 * share_above(values, percent / 100.0);
    }
  }
  for (const auto& [kind, metrics] : fine) {
    for (const auto& [metric, values] : metrics) {
      set.metrics[kind][metric] =
          std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
    }
  }
  for (const auto& [kind, curves] : click_ious) add_click_metrics(curves, options.clicks, set.metrics[kind]);
  for (const auto& [kind, accumulator] : ap) set.metrics[kind].merge(ap_metrics(accumulator));
  std::erase_if(set.metrics, [](const auto& entry) { return entry.second.empty(); });
  return set;
}

}  // namespace hqsam
