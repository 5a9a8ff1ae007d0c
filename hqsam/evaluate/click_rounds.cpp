// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/click_rounds.h"

#include "hqsam/metrics/iou.h"

namespace hqsam {
namespace {

// low_res [1,M,M]: the logits of the round before; undefined for the first.
PromptRow row_of(const std::vector<Click>& clicks, const InputFrame& frame, const torch::Tensor& low_res) {
  PromptRow row;
  std::vector<float> points;
  std::vector<int> labels;
  for (const Click& click : clicks) {
    const Point point = frame.to_input(Point{static_cast<double>(click.x), static_cast<double>(click.y)});
    points.insert(points.end(), {static_cast<float>(point.x), static_cast<float>(point.y)});
    labels.push_back(click.positive ? 1 : 0);
  }
  row.points = torch::tensor(points, torch::kFloat32).view({-1, 2});
  row.point_labels = torch::tensor(labels, torch::kInt32);
  row.mask = low_res;
  return row;
}

}  // namespace

std::vector<ClickTrack> run_clicks(SamHq& model, const EncodedPicture& picture, const PreparedSample& sample,
                                   const EvaluateOptions& options, MaskKind kind) {
  const Size size = sample.frame.image_size;
  std::vector<ClickTrack> tracks(sample.truths.size());
  std::vector<PackedMask> masks(tracks.size(), pack_tightly(Mask(size.height, size.width)));
  std::vector<torch::Tensor> low_res(tracks.size());
  FrameRoom room;
  for (int64_t round = 0; round < options.clicks; ++round) {
    std::vector<PromptRow> rows;
    std::vector<size_t> active;
    for (size_t i = 0; i < tracks.size(); ++i) {
      const auto click = next_click(unpack(masks[i]), unpack(*sample.truths[i]), tracks[i].clicks);
      if (!click) continue;
      tracks[i].clicks.push_back(*click);
      rows.push_back(row_of(tracks[i].clicks, sample.frame, low_res[i]));
      active.push_back(i);
    }
    const auto take = [&](MaskKind, size_t row, const torch::Tensor& logits, double) {
      masks[active[row]] = mask_in_image(logits, sample, options.protocol, model->image_size(), room);
      low_res[active[row]] = logits[0].cpu().clone();
    };
    if (!rows.empty()) decode_prompts(model, picture, rows, {kind}, /*with_iou=*/false, take);
    for (size_t i = 0; i < tracks.size(); ++i) tracks[i].ious.push_back(mask_iou(masks[i], *sample.truths[i]));
  }
  for (size_t i = 0; i < tracks.size(); ++i) tracks[i].mask = std::move(masks[i]);
  return tracks;
}

}  // namespace hqsam
