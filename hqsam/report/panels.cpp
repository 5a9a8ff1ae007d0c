// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/panels.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hqsam/core/error.h"
#include "hqsam/image/draw.h"
#include "hqsam/report/report.h"

namespace hqsam {
namespace {

Image draw_prompt_panel(const Image& image, const SampleMasks& masks) {
  Image panel = image;
  if (masks.rough_mask_in_image) draw_mask(panel, *masks.rough_mask_in_image, kPromptColor);
  if (masks.box_in_image) draw_box(panel, *masks.box_in_image, kPromptColor);
  for (const Point& point : masks.points_in_image) draw_point(panel, point, kPromptColor);
  return panel;
}

std::string caption(const ComparisonPanel& panel) {
  if (!panel.scores) return panel.name;
  return fmt::format("{}  IoU {:.1f}  boundary IoU {:.1f}", panel.name, 100 * panel.scores->iou,
                     100 * panel.scores->boundary_iou);
}

// A sample's rank in galleries: its gain, or its score where there is nothing to gain over.
std::vector<double> gallery_values(const EvaluateResult& result, const std::string& kind, bool gains) {
  std::vector<double> values;
  for (const SampleResult& sample : result.samples) {
    const double value = sample.scores.at(kind).boundary_iou;
    values.push_back(gains ? value - sample.scores.at("sam").boundary_iou : value);
  }
  return values;
}

}  // namespace

std::vector<ComparisonPanel> comparison_panels(const Sample& sample, int64_t mask_index, const SampleMasks& masks,
                                               const SampleResult& scores) {
  if (mask_index < 0 || mask_index >= static_cast<int64_t>(sample.labels.size())) {
    fail("comparison_picture", "{} has {} masks, asked for number {}", sample.image_path, sample.labels.size(),
         mask_index);
  }
  std::vector<ComparisonPanel> panels;
  panels.push_back({draw_prompt_panel(sample.image, masks), "Prompt", {}});
  const auto add_mask = [&](const Mask& mask, Color color, const std::string& name,
                            std::optional<SampleResult::Scores> of_mask) {
    panels.push_back({sample.image, name, of_mask});
    draw_mask(panels.back().image, mask, color);
  };
  const auto add_kind = [&](const std::string& kind, Color color) {
    const auto mask = masks.masks.find(kind);
    const auto of_mask = scores.scores.find(kind);
    if (mask == masks.masks.end()) return false;
    add_mask(mask->second, color, kind_label(kind),
             of_mask == scores.scores.end() ? std::nullopt : std::optional(of_mask->second));
    return true;
  };
  add_mask(threshold_label(sample.labels[mask_index]), kTruthColor, "Truth", {});
  add_kind("sam", kSamColor);
  if (!add_kind("hq", kHqColor)) add_kind("sum", kHqColor);
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

std::string leading_kind(const EvaluateResult& result) {
  for (const char* kind : {"hq", "sum", "sam"}) {
    if (result.mean.count(kind)) return kind;
  }
  fail("write_evaluation_report", "the result has no metrics; every mask was skipped");
}

std::string kind_label(const std::string& kind) {
  if (kind == "sam") return "SAM";
  return kind == "hq" ? "HQ" : "SAM + HQ";
}

std::vector<Gallery> choose_galleries(const EvaluateResult& result, int64_t count) {
  const std::string kind = leading_kind(result);
  const bool gains = kind != "sam" && result.mean.count("sam");
  const std::vector<double> values = gallery_values(result, kind, gains);
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] > values[b]; });

  // With few samples the two ends share them; what is left in the middle is typical.
  const size_t each = std::min<size_t>(std::max<int64_t>(count, 0), (order.size() + 1) / 2);
  const auto is_best = [&](size_t i) { return !gains || values[i] > 0; };
  const auto is_worst = [&](size_t i) { return !gains || values[i] < 0; };
  Gallery best, typical, worst;
  for (size_t i = 0; i < each && is_best(order[i]); ++i) best.samples.push_back(order[i]);
  for (size_t i = 0; i < std::min(each, order.size() - best.samples.size()); ++i) {
    const size_t sample = order[order.size() - 1 - i];
    if (is_worst(sample)) worst.samples.push_back(sample);
  }
  const std::vector<size_t> middle(order.begin() + static_cast<int64_t>(best.samples.size()),
                                   order.end() - static_cast<int64_t>(worst.samples.size()));
  const size_t typical_count = std::min<size_t>(middle.size(), std::max<int64_t>(count, 0));
  const size_t median = order.size() / 2 - std::min(order.size() / 2, best.samples.size());  // in middle
  const size_t first = std::min(median - std::min(median, typical_count / 2), middle.size() - typical_count);
  typical.samples.assign(middle.begin() + static_cast<int64_t>(first),
                         middle.begin() + static_cast<int64_t>(first + typical_count));

  const std::string label = kind_label(kind);
  best.title = gains ? "Most gained" : "Best";
  worst.title = gains ? "Most lost" : "Worst";
  typical.title = "Typical";
  const std::string by = gains ? "boundary IoU of " + label + " minus SAM's" : "boundary IoU of " + label;
  best.explanation = "Largest " + by + ".";
  worst.explanation = "Smallest " + by + ".";
  typical.explanation = "Around the median of " + by + ".";
  std::vector<Gallery> galleries;
  for (Gallery* gallery : {&best, &worst, &typical}) {
    if (!gallery->samples.empty()) galleries.push_back(std::move(*gallery));
  }
  return galleries;
}

}  // namespace hqsam
