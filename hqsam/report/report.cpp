// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/report.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "hqsam/core/file.h"
#include "hqsam/core/text.h"
#include "hqsam/metrics/names.h"
#include "hqsam/report/glossary.h"
#include "hqsam/report/html.h"
#include "hqsam/report/panels.h"
#include "hqsam/report/report_parts.h"

namespace hqsam {
namespace {

std::string header(const ReportContext& context) {
  int64_t images = 0, skipped = 0;
  for (const SetResult& set : context.result.sets) images += set.images, skipped += set.skipped;
  std::vector<HtmlFact> facts = {{"checkpoint", context.options.checkpoint},
                                 {"protocol", to_string(context.evaluate.protocol)},
                                 {"prompt", prompt_label(context.evaluate)},
                                 {"measured", masks_text(std::ssize(context.result.samples), images)}};
  if (best_masks(context.result)) facts.emplace_back("best masks", "--masks " + to_string(context.headline));
  if (skipped > 0) facts.emplace_back("skipped, without an inside", std::to_string(skipped));
  facts.emplace_back("took", human_seconds(context.result.seconds));
  return fmt::format("<h1>{}</h1>\n{}", escape_html(context.options.title), html_facts(facts));
}

double share_of_gains(const ReportContext& context) {
  const auto gained =
      std::count_if(context.result.samples.begin(), context.result.samples.end(), [&](const SampleResult& sample) {
        return sample.scores.at(context.headline).boundary_iou > sample.scores.at(MaskKind::kSam).boundary_iou;
      });
  return static_cast<double>(gained) / static_cast<double>(context.result.samples.size());
}

std::string tiles_section(const ReportContext& context) {
  std::vector<HtmlFact> tiles;
  const auto score = [&](const char* metric, const char* name) {
    const auto& mean = context.result.mean;
    if (!mean.at(context.headline).count(metric)) return;
    const std::string sam = context.paired ? fmt::format(", SAM {:.1f}", mean.at(MaskKind::kSam).at(metric)) : "";
    tiles.emplace_back(fmt::format("{} of {}{}", name, kind_label(context.headline), sam),
                       fmt::format("{:.1f}", mean.at(context.headline).at(metric)));
  };
  score("miou", "mIoU");
  score("mbiou", "mBIoU");
  if (context.paired) {
    const Interval gain = difference_interval(context.result, context.headline, MaskKind::kSam, Metric::kBoundaryIou);
    tiles.emplace_back("mBIoU over SAM, pooled " + interval_text(gain) + unclear_text(gain), signed_cell(gain));
    tiles.emplace_back("of the masks have a better boundary than SAM's",
                       fmt::format("{:.0f} %", 100 * share_of_gains(context)));
  }
  return tiles.empty() ? "" : html_tiles(tiles);
}

std::string glossary(const ReportContext& context) {
  const bool reference = context.evaluate.protocol == Protocol::kReference;
  std::vector<GlossaryEntry> entries;
  const auto entry = [&](const char* name, const std::string& text) { entries.emplace_back(name, text); };
  entry("SAM", "SAM's own mask, from a pass without the HQ token.");
  if (context.result.mean.count(MaskKind::kHq)) entry("HQ", "The mask of the HQ token alone.");
  if (context.result.mean.count(MaskKind::kSum)) entry("SAM + HQ", "The sum of both masks' logits in the HQ pass.");
  entries.push_back(miou_entry());
  entries.push_back(mbiou_entry(context.evaluate.boundary_dilation));
  entry("Protocol", reference ? "reference: picture and label squashed to the model's square; the mask goes to the "
                                "picture's size in one bilinear step."
                              : "keep_aspect: the longer side goes to the model's size, the rest is padded; masks go "
                                "back through the padded square.");
  entry("Looks at",
        "The decoder's last attention of the token of SAM's mask and of the HQ token to the picture, mean over heads, "
        "in the HQ pass; bright is most.");
  entries.push_back(interval_entry());
  return html_glossary(entries);
}

}  // namespace

void write_evaluation_report(const std::filesystem::path& path, SamHq& model, const std::vector<NamedDataset>& sets,
                             const EvaluateResult& result, const EvaluateOptions& evaluate_options,
                             const ReportOptions& options) {
  ReportContext context{model, sets, result, evaluate_options, options, leading_kind(result)};
  if (const auto best = best_masks(result)) context.headline = best->kind;
  // A detector's boxes give average precision alone, without scores of single masks.
  context.paired = context.lead != MaskKind::kSam && result.mean.count(MaskKind::kSam) && !result.samples.empty();
  for (const auto& [kind, metrics] : result.mean) context.kinds.push_back(kind);
  std::string html = header(context) + tiles_section(context) + sets_section(context);
  if (context.paired) html += differences_section(context);
  html += curves_section(context) + cost_section(context);
  if (options.gallery > 0 && !result.samples.empty()) html += galleries_section(context);
  write_file(path, html_page(options.title, html + glossary(context)));
}

}  // namespace hqsam
