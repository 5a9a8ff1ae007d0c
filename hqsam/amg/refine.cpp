// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "hqsam/amg/proposals.h"
#include "hqsam/ops/threads.h"

namespace hqsam {
namespace {

constexpr float kFarOutside = -8;   // logits of a proposal where it is surely not
constexpr double kSameThing = 0.5;  // IoU with the proposal
constexpr int64_t kPromptsWithMasks = 32;

// A proposal as the prompt of a better mask: its box, and where asked for its logits too.
Prompt prompt_of(const CropSession& crop, const Proposal& proposal, bool with_mask) {
  const double scale = static_cast<double>(crop.side) / static_cast<double>(crop.mask_side);
  const Box& box = *proposal.mask.box;  // of outermost pixels
  Prompt prompt{.box_in_input =
                    box_tensor({box.x0 * scale, box.y0 * scale, (box.x1 + 1) * scale, (box.y1 + 1) * scale})};
  if (!with_mask) return prompt;
  const LowResWindow& window = proposal.logits;
  prompt.mask_in_mask_input = torch::full({1, crop.mask_side, crop.mask_side}, kFarOutside);
  float* to = prompt.mask_in_mask_input.data_ptr<float>() + window.top * crop.mask_side + window.left;
  for (int64_t y = 0; y < window.height; ++y, to += crop.mask_side) {
    std::copy_n(window.logits.data() + y * window.width, window.width, to);
  }
  return prompt;
}

double iou_of(const PackedMask& a, const PackedMask& b) {
  const Overlap both = overlap(a, b);
  return static_cast<double>(both.intersection) / static_cast<double>(std::max<int64_t>(both.union_, 1));
}

// In the picture.
std::vector<PackedMask> upscaled(const CropSession& crop, std::span<const LowResWindow> windows) {
  std::vector<PackedMask> masks(windows.size());
  share_tasks(std::ssize(windows), [&](int64_t i) {
    const auto at = static_cast<size_t>(i);
    masks[at] = crop.upscaler.run(windows[at], 0).mask;
  });
  return masks;
}

// HQ masks of the proposals in `left`, in batches, since a prompt may have a mask. Those that are still the same thing
// replace masks and go out of `left`.
void add_hq(CropSession& crop, std::span<const Proposal> proposals, const AmgOptions& options, bool with_mask,
            std::vector<size_t>& left, std::vector<PackedMask>& masks) {
  const auto most = static_cast<size_t>(options.points_per_batch > 0 ? options.points_per_batch : kPromptsWithMasks);
  const DecodeOptions decode{.kinds = {options.masks}, .scores = false, .batch = options.points_per_batch};
  std::vector<size_t> other_things;
  for (size_t begin = 0; begin < left.size(); begin += most) {
    const auto batch = std::span(left).subspan(begin, std::min(most, left.size() - begin));
    std::vector<Prompt> prompts;
    for (const size_t i : batch) prompts.push_back(prompt_of(crop, proposals[i], with_mask));
    std::vector<LowResWindow> windows(batch.size());
    crop.session.decode(prompts, decode,
                        [&](const Decoded& decoded) { windows[decoded.prompt] = window_of(decoded.low_res, 0); });
    std::vector<PackedMask> own = upscaled(crop, windows);
    for (size_t i = 0; i < own.size(); ++i) {
      if (iou_of(own[i], masks[batch[i]]) >= kSameThing) {
        masks[batch[i]] = std::move(own[i]);
      } else {
        other_things.push_back(batch[i]);
      }
    }
  }
  left = std::move(other_things);
}

Point in_picture(const Point& in_crop, const Crop& crop) {
  return {in_crop.x + static_cast<double>(crop.x0), in_crop.y + static_cast<double>(crop.y0)};
}

}  // namespace

std::vector<FoundMask> refined(CropSession& crop, std::span<const Proposal> proposals, const AmgOptions& options) {
  std::vector<LowResWindow> windows;
  for (const Proposal& proposal : proposals) windows.push_back(proposal.logits);
  std::vector<PackedMask> masks = upscaled(crop, windows);
  if (options.masks != MaskKind::kSam) {
    std::vector<size_t> left(masks.size());
    std::iota(left.begin(), left.end(), size_t{0});
    for (const bool with_mask : {false, true}) add_hq(crop, proposals, options, with_mask, left, masks);
  }
  std::vector<FoundMask> found;
  for (size_t i = 0; i < masks.size(); ++i) {
    if (masks[i].area == 0) continue;
    found.push_back({.mask = std::move(masks[i]),
                     .predicted_iou = proposals[i].predicted_iou,
                     .stability = proposals[i].stability,
                     .point = in_picture(proposals[i].point, crop.crop),
                     .crop = crop.crop});
  }
  return found;
}

std::vector<FoundMask> masks_of_boxes(CropSession& crop, std::span<const Box> boxes_in_crop,
                                      const AmgOptions& options) {
  std::vector<Prompt> prompts;
  for (const Box& box : boxes_in_crop) {
    prompts.push_back({.box_in_input = box_tensor(crop.session.frame().to_input(box))});
  }
  std::vector<FoundMask> found;
  const DecodeOptions decode{.kinds = {options.masks}, .batch = options.points_per_batch};
  crop.session.decode(prompts, decode, [&](const Decoded& decoded) {
    const auto predicted_iou = static_cast<float>(decoded.score);
    if (!options.passes_iou(predicted_iou)) return;
    const double offset = options.stability_offset;
    auto [mask, counts] = crop.upscaler.run(window_of(decoded.low_res, -offset), offset);
    const float stability = counts.stability();
    if (mask.area == 0 || !options.passes_stability(stability)) return;
    found.push_back({.mask = std::move(mask),
                     .predicted_iou = predicted_iou,
                     .stability = stability,
                     .box = boxes_in_crop[decoded.prompt],
                     .crop = crop.crop});
  });
  return found;
}

}  // namespace hqsam
