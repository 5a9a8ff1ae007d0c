// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/click_rounds.h"

#include "hqsam/metrics/iou.h"

namespace hqsam {
namespace {

// low_res [1,M,M]: the logits of the round before; undefined for the first.
Prompt prompt_of(const std::vector<Click>& clicks, const InputFrame& frame, const torch::Tensor& low_res) {
  std::vector<Point> points;
  std::vector<int> labels;
  for (const Click& click : clicks) {
    points.push_back(frame.to_input(Point{static_cast<double>(click.x), static_cast<double>(click.y)}));
    labels.push_back(click.positive ? 1 : 0);
  }
  return {
      .points_in_input = points_tensor(points), .point_labels = labels_tensor(labels), .mask_in_mask_input = low_res};
}

}  // namespace

std::vector<ClickTrack> run_clicks(PictureSession& session, const PreparedSample& sample,
                                   const EvaluateOptions& options, MaskKind kind) {
  const Size size = session.frame().image_size;
  std::vector<ClickTrack> tracks(sample.truths.size());
  std::vector<PackedMask> masks(tracks.size(), pack_tightly(Mask(size.height, size.width)));
  std::vector<torch::Tensor> low_res(tracks.size());
  const auto banded = [&](SharedMask mask) {
    return std::make_shared<const BandedMask>(std::move(mask), options.boundary_dilation, options.strict_dilation);
  };
  std::vector<std::shared_ptr<const BandedMask>> truths;
  for (const SharedMask& truth : sample.truths) truths.push_back(banded(truth));
  FrameRoom room;
  for (int64_t round = 0; round < options.clicks; ++round) {
    std::vector<Prompt> prompts;
    std::vector<size_t> active;
    for (size_t i = 0; i < tracks.size(); ++i) {
      const auto click = next_click(unpack(masks[i]), unpack(*sample.truths[i]), tracks[i].clicks);
      if (!click) continue;
      tracks[i].clicks.push_back(*click);
      prompts.push_back(prompt_of(tracks[i].clicks, session.frame(), low_res[i]));
      active.push_back(i);
    }
    const auto take = [&](const Decoded& decoded) {
      const size_t track = active[decoded.prompt];
      masks[track] = session.mask_in_image(decoded.low_res, room);
      if (sample.unknown) masks[track] = without(masks[track], *sample.unknown);
      low_res[track] = decoded.low_res[0].cpu().clone();
    };
    if (!prompts.empty()) session.decode(prompts, {.kinds = {kind}, .scores = false}, take);
    for (size_t i = 0; i < tracks.size(); ++i) {
      const auto mask = banded(std::make_shared<const PackedMask>(masks[i]));
      const PairScores scores = pair_scores(*mask, *truths[i]);
      tracks[i].ious.push_back(scores.iou);
      tracks[i].boundary_ious.push_back(scores.boundary_iou);
    }
  }
  for (size_t i = 0; i < tracks.size(); ++i) tracks[i].mask = std::move(masks[i]);
  return tracks;
}

}  // namespace hqsam
