// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/error.h"
#include "hqsam/evaluate/click_rounds.h"
#include "hqsam/evaluate/evaluate.h"

namespace hqsam {
namespace {

// The masks after all clicks, and the clicks of the last kind.
void add_clicked_masks(SamHq& model, const PreparedSample& sample, const EvaluateOptions& options,
                       SampleMasks& result) {
  const EncodedPicture picture = encode_sample(model, sample, options.masks);
  for (const MaskKind kind : options.masks) {
    ClickTrack track = std::move(run_clicks(model, picture, sample, options, kind).front());
    result.masks[to_string(kind)] = unpack(track.mask);
    result.points_in_image.clear();
    result.points_positive.clear();
    for (const Click& click : track.clicks) {
      result.points_in_image.push_back({static_cast<double>(click.x), static_cast<double>(click.y)});
      result.points_positive.push_back(click.positive);
    }
  }
}

}  // namespace

SampleMasks evaluate_sample(SamHq& model, const Sample& sample, int64_t mask_index, const EvaluateOptions& options,
                            int64_t index, std::optional<Size> size) {
  options.validate();
  check_kinds(model, options.masks);
  if (mask_index < 0 || mask_index >= static_cast<int64_t>(sample.labels.size())) {
    fail("evaluate_sample", "{} has {} masks, asked for number {}", sample.image_path, sample.labels.size(),
         mask_index);
  }
  if (options.origin == PromptOrigin::kDetector) {
    fail("evaluate_sample", "a detector's boxes are of no mask; ask with another prompt");
  }
  const int64_t side = model->image_size();
  const PreparedSample prepared = prepare_sample(sample, index, options, side, mask_index);
  if (prepared.prompts.empty()) {
    fail("evaluate_sample", "mask {} of {} has no inside; choose one that evaluate() did not skip", mask_index,
         sample.image_path);
  }
  SampleMasks result;
  if (options.origin == PromptOrigin::kClicks) {
    add_clicked_masks(model, prepared, options, result);
    return result;
  }
  FrameRoom room;
  for (const auto& [kind, low_res] : decode_sample(model, prepared, options.masks)) {
    result.masks[to_string(kind)] = unpack(mask_in_image(low_res, prepared, options.protocol, side, room, size));
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
    result.rough_mask_in_image = unpack(mask_in_image(middle_at_zero, prepared, options.protocol, side, room, size));
  }
  return result;
}

}  // namespace hqsam
