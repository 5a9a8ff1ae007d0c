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

// Whether the picture adds to average precision under these options.
bool wants_ap(const PreparedSample& sample, const EvaluateOptions& options) {
  return sample.annotated && options.origin != PromptOrigin::kClicks;
}

SharedMask share(PackedMask mask) { return std::make_shared<const PackedMask>(std::move(mask)); }

using Curves = std::vector<std::vector<double>>;

void add_click_metrics(const Curves& curves, const Curves& boundary_curves, int64_t clicks,
                       std::map<std::string, double>& metrics) {
  for (const int percent : {85, 90, 95}) {
    metrics[fmt::format("noc{}", percent)] = mean_clicks_to_reach(curves, percent / 100.0, clicks);
  }
  for (const auto& [name, of_masks] : {std::pair{"miou", &curves}, std::pair{"mbiou", &boundary_curves}}) {
    const std::vector<double> mean = mean_curve(*of_masks, clicks);
    for (size_t i = 0; i < mean.size(); ++i) metrics[fmt::format("{}_click{:02}", name, i + 1)] = 100 * mean[i];
  }
}

}  // namespace

void answer_prompts(PictureSession& session, const PreparedSample& sample, const EvaluateOptions& options,
                    const OnAnswer& on_answer) {
  if (options.origin == PromptOrigin::kClicks) {
    for (const MaskKind kind : options.masks) {
      std::vector<ClickTrack> tracks = run_clicks(session, sample, options, kind);
      for (size_t i = 0; i < tracks.size(); ++i) {
        on_answer(kind, i,
                  {share(std::move(tracks[i].mask)), 0, std::move(tracks[i].ious), std::move(tracks[i].boundary_ious)});
      }
    }
    return;
  }
  FrameRoom room;
  const bool scores = wants_ap(sample, options) && sample.box_scores.empty();
  const DecodeOptions decode{.kinds = options.masks, .scores = scores};
  session.decode(sample.prompts, decode, [&](const Decoded& decoded) {
    const double score = sample.box_scores.empty() ? decoded.score : sample.box_scores[decoded.prompt];
    Answer answer{share(session.mask_in_image(decoded.low_res, room)), score};
    const torch::Tensor& given = sample.prompts[decoded.prompt].mask_in_mask_input;
    if (given.defined() && decoded.kind == options.masks.front()) {
      const torch::Tensor logits = (given - 127.5).unsqueeze(0).to(decoded.low_res.device());
      answer.prompt_mask = share(session.mask_in_image(logits, room));
    }
    on_answer(decoded.kind, decoded.prompt, std::move(answer));
  });
}

PictureMeasure::PictureMeasure(const PreparedSample& sample, const EvaluateOptions& options)
    : sample_(sample), options_(options) {
  const bool ap = wants_ap(sample, options);
  if (ap) {
    for (const SharedMask& mask : sample.all_masks) all_masks_.push_back(banded(mask));
    matcher_.emplace(matcher());
  }
  for (size_t i = 0; i < sample.truths.size(); ++i) {
    const auto number = static_cast<size_t>(sample.mask_indexes[i]);
    truths_.push_back(ap ? all_masks_[number] : banded(sample.truths[i]));
  }
  prompts_.resize(truths_.size());
  for (const MaskKind kind : options.masks) {
    kinds_[kind] = {std::vector<SampleResult::Scores>(truths_.size()),
                    std::vector<ApRow>(ap ? sample.prompts.size() : 0)};
  }
}

std::shared_ptr<const BandedMask> PictureMeasure::banded(const SharedMask& mask) const {
  return std::make_shared<const BandedMask>(mask, options_.boundary_dilation, options_.strict_dilation);
}

ApMatcher PictureMeasure::matcher() const {
  std::vector<ApTruth> truths;
  for (size_t i = 0; i < sample_.infos.size(); ++i) {
    const MaskInfo& info = sample_.infos[i];
    truths.push_back({nullptr, info.category, info.crowd, info.area, info.frequency, all_masks_[i]});
  }
  ApOptions ap = options_.ap;
  ap.boundary = options_.boundary_dilation;
  ap.boundary_strict = options_.strict_dilation;
  return {truths, ap, sample_.federation};
}

void PictureMeasure::add(MaskKind kind, size_t prompt, const Answer& answer) {
  OfKind& of_kind = kinds_.at(kind);
  const SharedMask known = sample_.unknown ? share(without(*answer.mask, *sample_.unknown)) : answer.mask;
  const BandedMask prediction(known, options_.boundary_dilation, options_.strict_dilation);
  if (prompt < truths_.size()) {
    const BandedMask& truth = *truths_[prompt];
    const PairScores pair = pair_scores(prediction, truth);
    SampleResult::Scores& scores = of_kind.scores[prompt];
    scores = {pair.iou, pair.boundary_iou, pair.strict_boundary_iou};
    scores.click_ious = answer.click_ious;
    scores.click_boundary_ious = answer.click_boundary_ious;
    if (answer.prompt_mask) {
      const BandedMask given(answer.prompt_mask, options_.boundary_dilation, options_.strict_dilation);
      const PairScores of_prompt = pair_scores(given, truth);
      prompts_[prompt] = {of_prompt.iou, of_prompt.boundary_iou};
    }
    if (options_.fine_structure) {
      const Mask found = unpack(prediction.mask()), wanted = unpack(truth.mask());
      scores.thin_iou = thin_iou(found, wanted);
      scores.hce = human_correction_efforts(found, wanted).total();
    }
  }
  if (matcher_) of_kind.rows[prompt] = matcher_->compare(prediction, sample_.categories[prompt], answer.score);
}

PictureResult PictureMeasure::conclude() const {
  PictureResult picture;
  picture.skipped = sample_.skipped;
  for (size_t i = 0; i < truths_.size(); ++i) {
    SampleResult result{sample_.set, sample_.name, sample_.image_path, sample_.mask_indexes[i], {}, prompts_[i]};
    for (const auto& [kind, of_kind] : kinds_) result.scores[kind] = of_kind.scores[i];
    picture.samples.push_back(std::move(result));
  }
  if (!matcher_) return picture;
  for (const auto& [kind, of_kind] : kinds_) picture.ap[kind] = matcher_->conclude(of_kind.rows);
  return picture;
}

SetResult summarize(const std::string& name, std::vector<PictureResult>& pictures, const EvaluateOptions& options,
                    std::vector<SampleResult>& samples) {
  SetResult set{name, static_cast<int64_t>(pictures.size()), 0, {}};
  const size_t first = samples.size();
  std::map<MaskKind, ApAccumulator> ap;
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (!pictures[i].unread.empty()) ++set.unread, --set.images;
    set.skipped += pictures[i].skipped;
    std::move(pictures[i].samples.begin(), pictures[i].samples.end(), std::back_inserter(samples));
    for (auto& [kind, picture] : pictures[i].ap) {
      ap.try_emplace(kind, options.ap.max_detections).first->second.add(static_cast<int64_t>(i), std::move(picture));
    }
  }
  const auto masks = static_cast<double>(samples.size() - first);
  std::map<MaskKind, std::vector<double>> boundary_ious;
  std::map<MaskKind, Curves> click_ious, click_boundary_ious;
  std::map<MaskKind, std::map<std::string, std::vector<double>>> fine;  // metric -> of the masks that have it
  for (size_t i = first; i < samples.size(); ++i) {
    for (const auto& [kind, scores] : samples[i].scores) {
      auto& metrics = set.metrics[kind];
      metrics["miou"] += 100 * scores.iou / masks;
      metrics["mbiou"] += 100 * scores.boundary_iou / masks;
      metrics["mbiou_strict"] += 100 * scores.strict_boundary_iou / masks;
      boundary_ious[kind].push_back(scores.boundary_iou);
      if (!scores.click_ious.empty()) {
        click_ious[kind].push_back(scores.click_ious);
        click_boundary_ious[kind].push_back(scores.click_boundary_ious);
      }
      if (samples[i].prompt) {
        metrics["prompt_miou"] += 100 * samples[i].prompt->iou / masks;
        metrics["prompt_mbiou"] += 100 * samples[i].prompt->boundary_iou / masks;
      }
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
  for (const auto& [kind, curves] : click_ious) {
    add_click_metrics(curves, click_boundary_ious[kind], options.clicks, set.metrics[kind]);
  }
  for (const auto& [kind, accumulator] : ap) set.metrics[kind].merge(ap_metrics(accumulator));
  std::erase_if(set.metrics, [](const auto& entry) { return entry.second.empty(); });
  return set;
}

}  // namespace hqsam
