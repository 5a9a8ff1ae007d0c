// SPDX-License-Identifier: Apache-2.0
#include "hqsam/amg/crop_session.h"
#include "hqsam/amg/suppress.h"
#include "hqsam/ops/threads.h"

namespace hqsam {
namespace {

// A mask with a high predicted IoU, before it is brought to the picture's size.
struct Candidate {
  size_t point = 0;  // of the grid
  float predicted_iou = 0;
  torch::Tensor low_res;
};

class ExactCrop {
 public:
  ExactCrop(CropSession& crop, const std::vector<Point>& grid, Size picture, const AmgOptions& options)
      : crop_(crop), picture_(picture), options_(options) {
    const Size size = crop.crop.size();
    for (const Point& share : grid) {
      points_.push_back({share.x * static_cast<double>(size.width), share.y * static_cast<double>(size.height)});
    }
  }

  std::vector<FoundMask> run() {
    std::vector<Prompt> prompts;
    for (const Point& point : points_) prompts.push_back(crop_.prompt_of(point));
    const bool sam = options_.masks == MaskKind::kSam;
    const DecodeOptions decode{.kinds = {options_.masks},
                               .multimask = sam ? Multimask::kAll : Multimask::kBest,
                               .batch = options_.points_per_batch};
    crop_.session.decode(prompts, decode, [&](const Decoded& decoded) { take(decoded); });
    upscale();
    return without_twins();
  }

 private:
  static constexpr size_t kTogether = 64;  // masks

  void take(const Decoded& decoded) {
    const auto predicted_iou = static_cast<float>(decoded.score);
    if (!options_.passes_iou(predicted_iou)) return;
    candidates_.push_back({decoded.prompt, predicted_iou, decoded.low_res});
    if (candidates_.size() == kTogether) upscale();
  }

  // On all threads: each mask by itself, so that their number does not matter.
  void upscale() {
    std::vector<MaskUpscaler::Upscaled> upscaled(candidates_.size());
    share_tasks(std::ssize(candidates_), [&](int64_t i) {
      const auto at = static_cast<size_t>(i);
      const LowResWindow window = window_of(candidates_[at].low_res, -options_.stability_offset);
      upscaled[at] = crop_.upscaler.run(window, options_.stability_offset);
    });
    for (size_t i = 0; i < candidates_.size(); ++i) keep(candidates_[i], std::move(upscaled[i]));
    candidates_.clear();
  }

  void keep(const Candidate& candidate, MaskUpscaler::Upscaled upscaled) {
    const float stability = upscaled.counts.stability();
    if (upscaled.mask.area == 0 || !options_.passes_stability(stability)) return;
    if (ends_at_edge(*upscaled.mask.box, crop_.crop, picture_)) return;
    const Point& point = points_[candidate.point];
    const Point in_picture{point.x + static_cast<double>(crop_.crop.x0), point.y + static_cast<double>(crop_.crop.y0)};
    found_.push_back({.mask = std::move(upscaled.mask),
                      .predicted_iou = candidate.predicted_iou,
                      .stability = stability,
                      .point = in_picture,
                      .crop = crop_.crop});
  }

  std::vector<FoundMask> without_twins() {
    std::vector<Box> boxes;
    std::vector<double> scores;
    for (const FoundMask& found : found_) {
      boxes.push_back(*found.mask.box);
      scores.push_back(found.predicted_iou);
    }
    std::vector<FoundMask> kept;
    for (const size_t i : suppress_boxes(boxes, scores, options_.nms_iou)) kept.push_back(std::move(found_[i]));
    return kept;
  }

  CropSession& crop_;
  Size picture_;
  const AmgOptions& options_;
  std::vector<Point> points_;  // in the crop
  std::vector<Candidate> candidates_;
  std::vector<FoundMask> found_;
};

}  // namespace

std::vector<FoundMask> exact_masks_of(CropSession& crop, const std::vector<Point>& grid, Size picture,
                                      const AmgOptions& options) {
  return ExactCrop(crop, grid, picture, options).run();
}

}  // namespace hqsam
