// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/panels.h"

#include "hqsam/core/error.h"
#include "hqsam/image/draw.h"
#include "hqsam/report/boundary_errors.h"
#include "hqsam/report/report.h"

namespace hqsam {
namespace {

std::string caption(const ComparisonPanel& panel) {
  if (!panel.scores) return panel.name;
  return fmt::format("{}  IoU {:.1f}  boundary IoU {:.1f}", panel.name, 100 * panel.scores->iou,
                     100 * panel.scores->boundary_iou);
}

}  // namespace

std::vector<ComparisonPanel> comparison_panels(const Sample& sample, int64_t mask_index, const SampleMasks& masks,
                                               const SampleResult& scores) {
  if (mask_index < 0 || mask_index >= static_cast<int64_t>(sample.labels.size())) {
    fail("comparison_picture", "{} has {} masks, asked for number {}", sample.image_path, sample.labels.size(),
         mask_index);
  }
  std::vector<ComparisonPanel> panels;
  panels.push_back({sample.image, "Prompt", {}});
  draw_prompt(panels.back().image, masks.prompt_in_image);
  const auto add_mask = [&](const Mask& mask, Color color, const std::string& name,
                            std::optional<SampleResult::Scores> of_mask) {
    panels.push_back({sample.image, name, of_mask});
    draw_mask(panels.back().image, mask, color);
  };
  const auto add_kind = [&](MaskKind kind, Color color) {
    const auto mask = masks.masks.find(kind);
    const auto of_mask = scores.scores.find(kind);
    if (mask == masks.masks.end()) return false;
    add_mask(mask->second, color, kind_label(kind),
             of_mask == scores.scores.end() ? std::nullopt : std::optional(of_mask->second));
    return true;
  };
  add_mask(threshold_label(sample.labels[mask_index]), kTruthColor, "Truth", {});
  add_kind(MaskKind::kSam, kSamColor);
  if (!add_kind(MaskKind::kHq, kHqColor)) add_kind(MaskKind::kSum, kHqColor);
  return panels;
}

Image comparison_picture(const Sample& sample, int64_t mask_index, const SampleMasks& masks,
                         const SampleResult& scores) {
  std::vector<Panel> panels;
  for (ComparisonPanel& panel : comparison_panels(sample, mask_index, masks, scores)) {
    panels.push_back({std::move(panel.image), caption(panel)});
  }
  return side_by_side(panels);
}

MaskKind leading_kind(const EvaluateResult& result) {
  for (const MaskKind kind : {MaskKind::kHq, MaskKind::kSum, MaskKind::kSam}) {
    if (result.mean.count(kind)) return kind;
  }
  fail("write_evaluation_report", "the result has no metrics; every mask was skipped");
}

std::string kind_label(MaskKind kind) {
  if (kind == MaskKind::kSam) return "SAM";
  return kind == MaskKind::kHq ? "HQ" : "SAM + HQ";
}

std::vector<ComparisonPanel> boundary_panels(const Sample& sample, int64_t mask_index, const SampleMasks& masks,
                                             double dilation) {
  const Mask truth = threshold_label(sample.labels.at(mask_index));
  std::vector<ComparisonPanel> panels;
  const auto add = [&](MaskKind kind) {
    const auto mask = masks.masks.find(kind);
    if (mask == masks.masks.end()) return false;
    panels.push_back(
        {boundary_errors(sample.image, mask->second, truth, dilation), kind_label(kind) + ", boundary", {}});
    return true;
  };
  add(MaskKind::kSam);
  if (!add(MaskKind::kHq)) add(MaskKind::kSum);
  return panels;
}

}  // namespace hqsam
