// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/error.h"
#include "hqsam/core/progress.h"
#include "hqsam/report/attention.h"
#include "hqsam/report/boundary_errors.h"
#include "hqsam/report/html.h"
#include "hqsam/report/panels.h"
#include "hqsam/report/report_parts.h"
#include "hqsam/report/shown.h"

namespace hqsam {
namespace {

constexpr Size kPanel = {300, 400};  // pixels, at most: keeps the file to a few MB

// The data set and position that a result came from.
std::pair<const NamedDataset*, int64_t> locate(const ReportContext& context, const SampleResult& result) {
  for (const NamedDataset& set : context.sets) {
    for (int64_t i = 0; set.name == result.set && i < set.dataset->size(); ++i) {
      if (set.dataset->path(i) == result.image_path) return {&set, i};
    }
  }
  fail("write_evaluation_report", "no picture {} in a data set '{}'; give the sets that were evaluated",
       result.image_path, result.set);
}

std::string figure(const ComparisonPanel& panel, const std::string& title, bool third_column = false) {
  std::string scores;
  if (panel.scores) {
    scores = fmt::format(" IoU {:.1f}, boundary {:.1f}", 100 * panel.scores->iou, 100 * panel.scores->boundary_iou);
  }
  return fmt::format("<figure{}>{}<figcaption><b>{}</b>{}</figcaption></figure>\n",
                     third_column ? " class=\"third\"" : "",
                     html_image(html_sized(panel.image, kPanel), title + ", " + panel.name), panel.name, scores);
}

// Prompt, truth and masks; below them what the tokens look at, and under each mask its boundary's errors.
std::string card(const ReportContext& context, const SampleResult& result, bool attention) {
  const auto [set, index] = locate(context, result);
  Sample whole = set->dataset->get(index);
  std::string title = result.set + " / " + result.name;
  if (whole.labels.size() > 1) title += fmt::format(", mask {}", result.mask_index);
  std::string gain;
  if (context.paired) {
    const auto& scores = result.scores;
    gain = " " + signed_cell(100 * (scores.at(context.lead).boundary_iou - scores.at(MaskKind::kSam).boundary_iou));
  }
  const Size size = shown_size(whole.image.size());
  std::map<MaskKind, torch::Tensor> maps;
  if (attention) maps = token_attention(context.model, whole, result.mask_index, context.evaluate, index, size);
  SampleMasks predicted = evaluate_sample(context.model, whole, result.mask_index, context.evaluate, index, size);
  const auto [sample, masks] = shown_sample(std::move(whole), result.mask_index, std::move(predicted));
  const auto panels = comparison_panels(sample, 0, masks, result);
  std::string figures;
  for (const ComparisonPanel& panel : panels) figures += figure(panel, title);
  for (const auto& [kind, name] :
       {std::pair(MaskKind::kSam, "SAM's token looks at"), std::pair(MaskKind::kHq, "HQ token looks at")}) {
    const auto at = maps.find(kind);
    if (at != maps.end()) figures += figure({attention_picture(sample.image, at->second), name, {}}, title);
  }
  bool first = true;
  for (const auto& panel : boundary_panels(sample, 0, masks, context.evaluate.boundary_dilation)) {
    figures += figure(panel, title, first && panels.size() == 4);
    first = false;
  }
  return fmt::format("<div class=\"card\"><h3>{}{}</h3>\n<div class=\"panels{}\">\n{}</div></div>\n",
                     escape_html(title), gain, panels.size() == 3 ? " three" : "", figures);
}

std::string color_key() {
  const auto entry = [](Color color, const char* text) {
    return fmt::format("<li><i style=\"background:rgb({},{},{})\"></i>{}</li>\n", color[0], color[1], color[2], text);
  };
  return "<ul class=\"keys\">\n" + entry(kFoundBoundary, "boundary found") +
         entry(kFalseBoundary, "boundary where the truth has none") + entry(kMissedBoundary, "boundary missed") +
         "</ul>\n";
}

}  // namespace

std::string galleries_section(const ReportContext& context) {
  const auto galleries = choose_galleries(context.result, context.options.gallery);
  int64_t total = 0, done = 0;
  for (const Gallery& gallery : galleries) total += static_cast<int64_t>(gallery.samples.size());
  Progress progress("report pictures", total);
  std::string html;
  for (const Gallery& gallery : galleries) {
    html += fmt::format("<h2>{}</h2>\n<p class=\"soft\">{}</p>\n{}", gallery.title, gallery.explanation, color_key());
    for (const size_t number : gallery.samples) {
      html += card(context, context.result.samples[number], done < context.options.attention);
      progress.update(++done);
    }
  }
  return html;
}

}  // namespace hqsam
