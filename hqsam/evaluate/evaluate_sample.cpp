// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/error.h"
#include "hqsam/evaluate/click_rounds.h"
#include "hqsam/evaluate/evaluate.h"

namespace hqsam {
namespace {

// The masks after all clicks, and the clicks of the last kind.
void add_clicked_masks(PictureSession& session, const PreparedSample& sample, const EvaluateOptions& options,
                       SampleMasks& result) {
  for (const MaskKind kind : options.masks) {
    ClickTrack track = std::move(run_clicks(session, sample, options, kind).front());
    result.masks[kind] = unpack(track.mask);
    PromptMarks& marks = result.prompt_in_image = {};
    for (const Click& click : track.clicks) {
      marks.points.push_back({static_cast<double>(click.x), static_cast<double>(click.y)});
      marks.positive.push_back(click.positive);
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
  if (options.origin == PromptOrigin::kProposals) {
    fail("evaluate_sample", "proposals are of no mask; ask with another prompt");
  }
  const PreparedSample prepared = prepare_sample(sample, index, options, sizes_of(model), mask_index);
  if (prepared.prompts.empty()) {
    fail("evaluate_sample", "mask {} of {} has no inside; choose one that evaluate() did not skip", mask_index,
         sample.image_path);
  }
  PictureSession session(model, prepared.picture);
  SampleMasks result;
  if (options.origin == PromptOrigin::kClicks) {
    add_clicked_masks(session, prepared, options, result);
    return result;
  }
  FrameRoom room;
  session.decode(prepared.prompts, {.kinds = options.masks, .scores = false}, [&](const Decoded& decoded) {
    result.masks[decoded.kind] = unpack(session.mask_in_image(decoded.low_res, room, size));
  });
  result.prompt_in_image = marks_in_image(prepared.prompts.front(), session, size);
  return result;
}

}  // namespace hqsam
