// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/prepare.h"

#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/data/clicks.h"
#include "hqsam/predict/predictor.h"

namespace hqsam {
namespace {

// Makes prompts of a picture's labels.
class LabelPrompts {
 public:
  LabelPrompts(const EvaluateOptions& options, const InputFrame& frame, ModelSizes sizes)
      : options_(options), frame_(frame), sizes_(sizes) {}

  // The prompt of a label; nothing where it has no inside in the frame that the prompt is made in.
  std::optional<Prompt> of(const Label& label, const PackedMask& truth, RandomStream stream) {
    if (options_.origin == PromptOrigin::kClicks) return first_click(truth);
    const bool exact = options_.prompt == PromptType::kBox && options_.box_noise.share == 0;
    if (exact && options_.protocol == Protocol::kKeepAspect) {
      if (!truth.box) return std::nullopt;
      return in_input({.box = truth.box});
    }
    const auto in_input = label_in_input(label.gray_in(room_), frame_, sizes_.image_size);
    if (!label_box(in_input.data_ptr<float>(), sizes_.image_size)) return std::nullopt;
    const PromptOptions entry{.types = {options_.prompt},
                              .count = options_.prompt_points,
                              .noise = options_.box_noise,
                              .kinds = options_.rough_kinds};
    return draw_prompt({in_input, frame_.input_size, {}}, {entry}, stream).prompt;
  }

  // A rough mask of the picture.
  Prompt of_coarse(const Image& mask) const {
    return {.mask_in_mask_input = mask_prompt(mask, frame_, sizes_.image_size, sizes_.mask_input_size)};
  }

  Prompt in_input(const PredictPrompt& prompt) const { return prompt_in_input(prompt, frame_, sizes_.mask_input_size); }

 private:
  std::optional<Prompt> first_click(const PackedMask& truth) const {
    const auto click = next_click(Mask(truth.size.height, truth.size.width), unpack(truth), {});
    if (!click) return std::nullopt;
    return in_input({.points = {{static_cast<double>(click->x), static_cast<double>(click->y)}}});
  }

  const EvaluateOptions& options_;
  const InputFrame& frame_;
  ModelSizes sizes_;
  Image room_;  // reused memory for a label of the picture's size, as FrameRoom
};

void check_mask(const Sample& sample, Size size, int64_t channels, size_t number) {
  if (size == sample.image.size() && channels == 1) return;
  fail("evaluate", "{}: mask {} is {}x{} with {} channels; it must be gray and of the picture's {}x{} pixels",
       sample.image_path, number, size.width, size.height, channels, sample.image.width, sample.image.height);
}

// A sample's labels, each packed once.
class PackedLabels {
 public:
  explicit PackedLabels(const Sample& sample) : sample_(sample), packed_(sample.labels.size()) {}

  const SharedMask& at(size_t i) {
    const Label& label = sample_.labels[i];
    check_mask(sample_, label.size(), label.channels(), i);
    if (!packed_[i]) packed_[i] = label.packed();
    return packed_[i];
  }

 private:
  const Sample& sample_;
  std::vector<SharedMask> packed_;
};

void check_infos(const Sample& sample) {
  if (sample.infos.empty() || sample.infos.size() == sample.labels.size()) return;
  fail("evaluate", "{}: {} masks with what is known of {}", sample.image_path, sample.labels.size(),
       sample.infos.size());
}

// Adds what average precision needs.
void add_annotations(const Sample& sample, PackedLabels& packed, PreparedSample& prepared) {
  prepared.annotated = sample.annotated;
  if (!sample.annotated) return;
  prepared.infos = sample.infos;
  for (size_t i = 0; i < sample.labels.size(); ++i) prepared.all_masks.push_back(packed.at(i));
  const auto set_of = [](const std::vector<int64_t>& ids) { return std::set<int64_t>(ids.begin(), ids.end()); };
  prepared.federation = {sample.federated, set_of(sample.negative_categories),
                         set_of(sample.not_exhaustive_categories)};
}

void add_detections(const Sample& sample, const LabelPrompts& prompts, PreparedSample& prepared) {
  if (!sample.annotated || !sample.detected) {
    fail("evaluate", "{}: the set has no detector's boxes; they need type: coco and detections: <their JSON>",
         sample.image_path);
  }
  for (const ScoredBox& box : sample.boxes) {
    prepared.prompts.push_back(prompts.in_input({.box = box.box_in_image}));
    prepared.box_scores.push_back(box.score);
    prepared.categories.push_back(box.category);
  }
}

struct PrepareHow {  // as in prepare_sample
  int64_t index;
  const EvaluateOptions& options;
  ModelSizes sizes;
  int64_t only = -1;
};

// Adds prompts for the masks that have an inside, except crowds.
void add_masks(const Sample& sample, const PrepareHow& how, LabelPrompts& prompts, PackedLabels& packed,
               PreparedSample& prepared) {
  const auto& [index, options, sizes, only] = how;
  const bool coarse = options.origin == PromptOrigin::kCoarseMask;
  if (coarse && sample.coarse.size() != sample.labels.size()) {
    fail("evaluate", "{} has {} masks and {} coarse ones; name a folder of them (data.valid[].coarse)",
         sample.image_path, sample.labels.size(), sample.coarse.size());
  }
  for (size_t i = 0; i < sample.labels.size(); ++i) {
    const auto mask_index = static_cast<int64_t>(i);
    if (only >= 0 && only != mask_index) continue;
    const SharedMask& truth = packed.at(i);
    if (!sample.infos.empty() && sample.infos[i].crowd) continue;
    std::optional<Prompt> prompt;
    if (coarse) {
      check_mask(sample, sample.coarse[i].size(), sample.coarse[i].channels, i);
      if (truth->box) prompt = prompts.of_coarse(sample.coarse[i]);
    } else {
      // A stream for each mask: the draws of one do not depend on the others.
      const auto stream = random_stream(options.seed, i, static_cast<uint64_t>(index), Draw::kPrompt);
      prompt = prompts.of(sample.labels[i], *truth, stream);
    }
    if (!prompt) {
      ++prepared.skipped;
      continue;
    }
    prepared.prompts.push_back(std::move(*prompt));
    prepared.truths.push_back(truth);
    prepared.mask_indexes.push_back(mask_index);
    if (!sample.infos.empty()) prepared.categories.push_back(sample.infos[i].category);
  }
}

// Prepares everything but the picture itself.
PreparedSample prepare(const Sample& sample, const PrepareHow& how, PackedLabels& packed) {
  const EvaluateOptions& options = how.options;
  PreparedSample prepared;
  prepared.set = sample.set;
  prepared.name = sample.name;
  prepared.image_path = sample.image_path;
  prepared.picture.frame = input_frame(sample.image.size(), options.protocol, how.sizes.image_size);
  prepared.skipped = sample.skipped;
  if (!sample.unknown.pixels.empty()) {
    prepared.unknown = std::make_shared<const BitMask>(pack(threshold_label(sample.unknown)));
  }
  check_infos(sample);
  if (how.only < 0) add_annotations(sample, packed, prepared);
  LabelPrompts prompts(options, prepared.picture.frame, how.sizes);
  if (options.origin == PromptOrigin::kDetector) {
    add_detections(sample, prompts, prepared);
  } else {
    add_masks(sample, how, prompts, packed, prepared);
  }
  return prepared;
}

}  // namespace

PreparedSample prepare_sample(const Sample& sample, int64_t index, const EvaluateOptions& options, ModelSizes sizes,
                              int64_t only) {
  PackedLabels packed(sample);
  PreparedSample prepared = prepare(sample, {index, options, sizes, only}, packed);
  prepared.picture = picture_input(sample.image, options.protocol, sizes.image_size);
  return prepared;
}

std::vector<PreparedSample> prepare_prompts(const Sample& sample, int64_t index,
                                            const std::vector<EvaluateOptions>& options, ModelSizes sizes) {
  std::vector<PreparedSample> prepared;
  PackedLabels packed(sample);
  for (const EvaluateOptions& one : options) prepared.push_back(prepare(sample, {index, one, sizes}, packed));
  const bool any = std::any_of(prepared.begin(), prepared.end(), [](const auto& one) { return !one.prompts.empty(); });
  if (any) {
    prepared.front().picture = picture_input(sample.image, options.front().protocol, sizes.image_size);
  }
  return prepared;
}

}  // namespace hqsam
