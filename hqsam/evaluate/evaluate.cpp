// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/evaluate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <future>
#include <set>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/progress.h"
#include "hqsam/evaluate/protocol.h"
#include "hqsam/evaluate/shard.h"
#include "hqsam/metrics/iou.h"

namespace hqsam {
namespace {

constexpr const char* kEvaluate = "evaluate";

void check_sets(const std::vector<NamedDataset>& sets) {
  if (sets.empty()) fail(kEvaluate, "no data sets; name at least one (data.valid)");
  std::set<std::string> names;
  for (const NamedDataset& set : sets) {
    if (!set.dataset || set.dataset->size() == 0) fail(kEvaluate, "data set '{}' has no pictures", set.name);
    if (!names.insert(set.name).second) fail(kEvaluate, "two data sets are called '{}'; rename one", set.name);
  }
}

// Positions in a set: all, or `limit` evenly spaced.
std::vector<int64_t> chosen_pictures(int64_t size, int64_t limit) {
  const int64_t count = limit > 0 ? std::min(limit, size) : size;
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < count; ++i) indices.push_back(i * size / count);
  return indices;
}

PictureResult measure(const PreparedSample& sample, const std::map<MaskKind, std::vector<Mask>>& masks,
                      const EvaluateOptions& options) {
  PictureResult picture;
  picture.skipped = sample.skipped;
  for (size_t i = 0; i < sample.truths.size(); ++i) {
    SampleResult result{sample.set, sample.name, sample.image_path, sample.mask_indexes[i], {}};
    for (const auto& [kind, predictions] : masks) {
      result.scores[to_string(kind)] = {mask_iou(predictions[i], sample.truths[i]),
                                        boundary_iou(predictions[i], sample.truths[i], options.boundary_dilation)};
    }
    picture.samples.push_back(std::move(result));
  }
  return picture;
}

// One rank's pictures of one set, as a line of three stations: decoding ahead, model, measuring behind. Each
// side holds as many pictures as there are workers; results keep their order.
class SetLine {
 public:
  SetLine(SamHq& model, const NamedDataset& set, const EvaluateOptions& options, std::vector<int64_t> indices)
      : model_(model), set_(set), options_(options), indices_(std::move(indices)) {}

  std::vector<PictureResult> run(Progress* progress) {
    const auto room = static_cast<size_t>(std::max<int64_t>(options_.workers, 1));
    size_t started = 0;
    const auto prepare_ahead = [&] {
      while (started < indices_.size() && ahead_.size() < room) prepare(indices_[started++]);
    };
    prepare_ahead();
    for (size_t i = 0; i < indices_.size(); ++i) {
      const auto sample = std::make_shared<const PreparedSample>(take(ahead_));
      prepare_ahead();
      if (behind_.size() == room) results_.push_back(take(behind_));
      behind_.push_back(std::async(policy(), measure_later(sample)));
      if (progress) progress->update(static_cast<int64_t>(i) + 1);
    }
    while (!behind_.empty()) results_.push_back(take(behind_));
    return std::move(results_);
  }

 private:
  // Without workers the work is done when its result is asked for.
  std::launch policy() const { return options_.workers > 0 ? std::launch::async : std::launch::deferred; }

  template <class T>
  static T take(std::deque<std::future<T>>& line) {
    T value = line.front().get();
    line.pop_front();
    return value;
  }

  void prepare(int64_t index) {
    ahead_.push_back(std::async(policy(), [this, index, side = model_->image_size()] {
      Sample sample = set_.dataset->get(index);
      sample.set = set_.name;
      return prepare_sample(sample, index, options_, side);
    }));
  }

  // Runs the model now; what it returns measures its masks.
  std::function<PictureResult()> measure_later(const std::shared_ptr<const PreparedSample>& sample) {
    std::map<MaskKind, std::vector<Mask>> masks;
    if (!sample->prompts.empty()) {
      for (const auto& [kind, low_res] : decode_sample(model_, *sample, options_.masks)) {
        masks[kind] = masks_in_image(low_res, *sample, options_.protocol, model_->image_size());
      }
    }
    return [sample, masks = std::move(masks), this] { return measure(*sample, masks, options_); };
  }

  SamHq& model_;
  const NamedDataset& set_;
  const EvaluateOptions& options_;
  std::vector<int64_t> indices_;
  std::vector<PictureResult> results_;
  std::deque<std::future<PreparedSample>> ahead_;
  std::deque<std::future<PictureResult>> behind_;
};

// This rank's pictures of all sets: every size-th, beginning at its rank.
RankResults run_rank(SamHq& model, const std::vector<NamedDataset>& sets, const EvaluateOptions& options,
                     const Group& group) {
  RankResults results;
  for (const NamedDataset& set : sets) {
    const auto chosen = chosen_pictures(set.dataset->size(), options.limit);
    std::vector<int64_t> own;
    for (size_t i = group.rank(); i < chosen.size(); i += group.size()) own.push_back(chosen[i]);
    std::optional<Progress> progress;
    if (group.is_main()) progress.emplace("evaluate " + set.name, static_cast<int64_t>(own.size()));
    results.push_back(SetLine(model, set, options, std::move(own)).run(progress ? &*progress : nullptr));
  }
  return results;
}

SetResult summarize(const std::string& name, std::vector<PictureResult>& pictures, EvaluateResult& result) {
  SetResult set{name, static_cast<int64_t>(pictures.size()), 0, {}};
  const size_t first = result.samples.size();
  for (PictureResult& picture : pictures) {
    set.skipped += picture.skipped;
    std::move(picture.samples.begin(), picture.samples.end(), std::back_inserter(result.samples));
  }
  const auto masks = static_cast<double>(result.samples.size() - first);
  for (size_t i = first; i < result.samples.size(); ++i) {
    for (const auto& [kind, scores] : result.samples[i].scores) {
      set.metrics[kind]["miou"] += 100 * scores.iou;
      set.metrics[kind]["mbiou"] += 100 * scores.boundary_iou;
    }
  }
  for (auto& [kind, metrics] : set.metrics) {
    for (auto& [name, value] : metrics) value /= masks;
  }
  return set;
}

void warn_of_skipped(const SetResult& set) {
  if (set.skipped == 0) return;
  spdlog::warn("data set '{}': {} masks without an inside were skipped{}", set.name, set.skipped,
               set.metrics.empty() ? "; no mask is left, so the set is not in the mean" : "");
}

}  // namespace

void EvaluateOptions::validate() const {
  const char* where = "EvaluateOptions";
  if (masks.empty()) fail(where, "masks must name at least one of sam, hq, sum");
  if (std::set<MaskKind>(masks.begin(), masks.end()).size() != masks.size()) {
    fail(where, "masks must name each of sam, hq, sum at most once");
  }
  PromptOptions{prompt, 1, prompt_points}.validate();
  if (!(boundary_dilation > 0 && boundary_dilation < 1)) {
    fail(where, "boundary_dilation is a share of the diagonal, above 0 and below 1, got {}", boundary_dilation);
  }
  if (workers < 0 || workers > 256) fail(where, "workers must be in 0..256, got {}", workers);
  if (limit < 0) fail(where, "limit must be 0 (all pictures) or more, got {}", limit);
}

EvaluateResult evaluate(SamHq& model, const std::vector<NamedDataset>& sets, const EvaluateOptions& options,
                        Group& group) {
  const auto start = std::chrono::steady_clock::now();
  options.validate();
  check_sets(sets);
  check_kinds(model, options.masks);
  auto pictures = merge_ranks([&] { return run_rank(model, sets, options, group); }, group);

  EvaluateResult result;
  std::map<std::string, double> counted;  // sets that have a kind
  for (size_t i = 0; i < sets.size(); ++i) {
    result.sets.push_back(summarize(sets[i].name, pictures[i], result));
    const SetResult& set = result.sets.back();
    if (group.is_main()) warn_of_skipped(set);
    for (const auto& [kind, metrics] : set.metrics) {
      ++counted[kind];
      for (const auto& [name, value] : metrics) result.mean[kind][name] += value;
    }
  }
  for (auto& [kind, metrics] : result.mean) {
    for (auto& [name, value] : metrics) value /= counted[kind];
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

SampleMasks evaluate_sample(SamHq& model, const Sample& sample, int64_t mask_index, const EvaluateOptions& options,
                            int64_t index) {
  options.validate();
  check_kinds(model, options.masks);
  if (mask_index < 0 || mask_index >= static_cast<int64_t>(sample.labels.size())) {
    fail("evaluate_sample", "{} has {} masks, asked for number {}", sample.image_path, sample.labels.size(),
         mask_index);
  }
  const int64_t side = model->image_size();
  const PreparedSample prepared = prepare_sample(sample, index, options, side, mask_index);
  if (prepared.prompts.empty()) {
    fail("evaluate_sample", "mask {} of {} has no inside; choose one that evaluate() did not skip", mask_index,
         sample.image_path);
  }
  SampleMasks result;
  for (const auto& [kind, low_res] : decode_sample(model, prepared, options.masks)) {
    result.masks[to_string(kind)] = std::move(masks_in_image(low_res, prepared, options.protocol, side).front());
  }
  const PromptRow& prompt = prepared.prompts.front();
  if (prompt.box.defined()) {
    const float* box = prompt.box.data_ptr<float>();
    result.box_in_image = prepared.frame.to_image(Box{box[0], box[1], box[2], box[3]});
  }
  for (int64_t i = 0; prompt.points.defined() && i < prompt.points.size(0); ++i) {
    const float* point = prompt.points.data_ptr<float>() + 2 * i;
    result.points_in_image.push_back(prepared.frame.to_image(Point{point[0], point[1]}));
  }
  if (prompt.mask.defined()) {
    const auto middle_at_zero = (prompt.mask - 127.5).unsqueeze(0);
    result.rough_mask_in_image = std::move(masks_in_image(middle_at_zero, prepared, options.protocol, side).front());
  }
  return result;
}

}  // namespace hqsam
