// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/report.h"

#include <algorithm>
#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/progress.h"
#include "hqsam/core/text.h"
#include "hqsam/image/resize.h"
#include "hqsam/report/html.h"
#include "hqsam/report/interval_plot.h"
#include "hqsam/report/panels.h"

namespace hqsam {
namespace {

constexpr const char* kReport = "write_evaluation_report";
constexpr int64_t kPanelHeight = 360, kPanelWidth = 480;  // pixels, at most: keeps the file to a few MB

// Signed, green above and red below zero.
std::string signed_cell(double value) {
  const char* color = value >= 0.005 ? "gain" : value <= -0.005 ? "loss" : "soft";
  return fmt::format("<span class=\"{}\">{:+.2f}</span>", color, value);
}

std::string interval_text(const Interval& interval) {
  return fmt::format("[{:+.2f}, {:+.2f}]", interval.low, interval.high);
}

// What the parts of the page are made of.
class Page {
 public:
  Page(SamHq& model, const std::vector<NamedDataset>& sets, const EvaluateResult& result,
       const EvaluateOptions& evaluate_options, const ReportOptions& options)
      : model_(model),
        sets_(sets),
        result_(result),
        evaluate_(evaluate_options),
        options_(options),
        lead_(leading_kind(result)),
        paired_(lead_ != "sam" && result.mean.count("sam")) {
    for (const char* kind : {"sam", "hq", "sum"}) {
      if (result.mean.count(kind)) kinds_.emplace_back(kind);
    }
  }

  std::string body() {
    std::string html = header() + tiles() + sets_table();
    if (paired_) html += differences();
    if (options_.gallery > 0) html += galleries();
    return html + glossary();
  }

 private:
  std::string header() const {
    int64_t images = 0, skipped = 0;
    for (const SetResult& set : result_.sets) images += set.images, skipped += set.skipped;
    std::string facts;
    const auto fact = [&](const char* name, const std::string& value) {
      facts += fmt::format("<li>{} <b>{}</b></li>\n", name, escape_html(value));
    };
    fact("checkpoint", options_.checkpoint);
    fact("protocol", to_string(evaluate_.protocol));
    fact("prompt", prompt_name(evaluate_.prompt));
    fact("pictures", std::to_string(images));
    fact("masks", std::to_string(result_.samples.size()));
    if (skipped > 0) fact("skipped, without an inside", std::to_string(skipped));
    fact("took", human_seconds(result_.seconds));
    return fmt::format("<h1>{}</h1>\n<ul class=\"facts\">\n{}</ul>\n", escape_html(options_.title), facts);
  }

  std::string tiles() const {
    std::string html;
    const auto tile = [&](const std::string& value, const std::string& text) {
      html += fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>\n", value, text);
    };
    const auto score = [&](const char* metric, const char* name) {
      const std::string sam = paired_ ? fmt::format(", SAM {:.1f}", result_.mean.at("sam").at(metric)) : "";
      tile(fmt::format("{:.1f}", result_.mean.at(lead_).at(metric)),
           fmt::format("{} of {}{}", name, kind_label(lead_), sam));
    };
    score("miou", "mIoU");
    score("mbiou", "mBIoU");
    if (paired_) {
      const Interval gain = difference_interval(result_, lead_, "sam", Metric::kBoundaryIou);
      tile(signed_cell(gain.mean), "mBIoU over SAM, pooled " + interval_text(gain));
      tile(fmt::format("{:.0f} %", 100 * share_of_gains()), "of the masks have a better boundary than SAM's");
    }
    return "<div class=\"tiles\">\n" + html + "</div>\n";
  }

  double share_of_gains() const {
    const auto gained = std::count_if(result_.samples.begin(), result_.samples.end(), [&](const SampleResult& sample) {
      return sample.scores.at(lead_).boundary_iou > sample.scores.at("sam").boundary_iou;
    });
    return static_cast<double>(gained) / static_cast<double>(result_.samples.size());
  }

  std::string sets_table() const {
    HtmlTable table;
    table.header = {"set", "pictures"};
    table.lead = 2;
    for (const std::string& kind : kinds_) {
      table.groups.push_back(kind_label(kind));
      table.header.insert(table.header.end(), {"mIoU", "mBIoU"});
    }
    const auto add = [&](const std::string& name, const std::string& pictures, const auto& metrics) {
      std::vector<std::string> row = {name, pictures};
      for (const std::string& kind : kinds_) {
        const auto at = metrics.find(kind);
        for (const char* metric : {"miou", "mbiou"}) {
          row.push_back(at == metrics.end() ? "-" : fmt::format("{:.2f}", at->second.at(metric)));
        }
      }
      table.rows.push_back(std::move(row));
    };
    for (const SetResult& set : result_.sets) add(escape_html(set.name), std::to_string(set.images), set.metrics);
    add("mean of sets", "", result_.mean);
    table.totals = 1;
    return "<h2>Sets</h2>\n<p class=\"soft\">Percent.</p>\n" + html_table(table);
  }

  std::string differences() const {
    HtmlTable table;
    table.header = {"set", "masks"};
    table.lead = 2;
    std::vector<IntervalRow> rows;
    for (const std::string& kind : kinds_) {
      if (kind == "sam") continue;
      table.groups.push_back((kind == "sum" ? "(SAM + HQ)" : kind_label(kind)) + " &minus; SAM");
      table.header.insert(table.header.end(), {"mIoU", "mBIoU"});
    }
    const auto add = [&](const std::string& title, const std::string& set) {
      const auto count = std::count_if(result_.samples.begin(), result_.samples.end(),
                                       [&](const SampleResult& sample) { return set.empty() || sample.set == set; });
      std::vector<std::string> row = {escape_html(title), std::to_string(count)};
      for (const std::string& kind : kinds_) {
        if (kind == "sam") continue;
        for (const Metric metric : {Metric::kIou, Metric::kBoundaryIou}) {
          const Interval interval = difference_interval(result_, kind, "sam", metric, set);
          row.push_back(fmt::format("{} <small>{}</small>", signed_cell(interval.mean), interval_text(interval)));
          if (kind == lead_ && metric == Metric::kBoundaryIou) rows.push_back({title, interval});
        }
      }
      table.rows.push_back(std::move(row));
    };
    for (const SetResult& set : result_.sets) {
      if (!set.metrics.empty()) add(set.name, set.name);
    }
    add("pooled", "");
    table.totals = 1;
    return fmt::format(
        "<h2>Difference to SAM</h2>\n<p class=\"soft\">Mask by mask, in percentage points, with 95 % bootstrap "
        "intervals. The plot is of {} &minus; SAM, mBIoU.</p>\n<div class=\"card\">{}</div>\n{}",
        kind_label(lead_), interval_plot(rows), html_table(table));
  }

  std::string galleries() {
    const auto galleries = choose_galleries(result_, options_.gallery);
    int64_t total = 0, done = 0;
    for (const Gallery& gallery : galleries) total += static_cast<int64_t>(gallery.samples.size());
    Progress progress("report pictures", total);
    std::string html;
    for (const Gallery& gallery : galleries) {
      html += fmt::format("<h2>{}</h2>\n<p class=\"soft\">{}</p>\n", gallery.title, gallery.explanation);
      for (const size_t number : gallery.samples) {
        html += card(result_.samples[number]);
        progress.update(++done);
      }
    }
    return html;
  }

  std::string card(const SampleResult& result) {
    const auto [set, index] = locate(result);
    const Sample sample = set->dataset->get(index);
    const SampleMasks masks = evaluate_sample(model_, sample, result.mask_index, evaluate_, index);
    std::string title = result.set + " / " + result.name;
    if (sample.labels.size() > 1) title += fmt::format(", mask {}", result.mask_index);
    std::string gain;
    if (paired_) {
      const double value = 100 * (result.scores.at(lead_).boundary_iou - result.scores.at("sam").boundary_iou);
      gain = " " + signed_cell(value);
    }
    const auto panels = comparison_panels(sample, result.mask_index, masks, result);
    std::string figures;
    for (const ComparisonPanel& panel : panels) figures += figure(panel, title);
    return fmt::format("<div class=\"card\"><h3>{}{}</h3>\n<div class=\"panels{}\">\n{}</div></div>\n",
                       escape_html(title), gain, panels.size() == 3 ? " three" : "", figures);
  }

  static std::string figure(const ComparisonPanel& panel, const std::string& title) {
    const Size size = panel.image.size();
    const double scale = std::min({1.0, static_cast<double>(kPanelHeight) / static_cast<double>(size.height),
                                   static_cast<double>(kPanelWidth) / static_cast<double>(size.width)});
    const auto scaled = [&](int64_t length) {
      return std::max<int64_t>(1, std::llround(scale * static_cast<double>(length)));
    };
    const Image small = resize_antialiased(panel.image, {scaled(size.height), scaled(size.width)});
    std::string scores;
    if (panel.scores) {
      scores = fmt::format(" IoU {:.1f}, boundary {:.1f}", 100 * panel.scores->iou, 100 * panel.scores->boundary_iou);
    }
    return fmt::format("<figure>{}<figcaption><b>{}</b>{}</figcaption></figure>\n",
                       html_image(small, title + ", " + panel.name), panel.name, scores);
  }

  // The data set and position that a result came from.
  std::pair<const NamedDataset*, int64_t> locate(const SampleResult& result) const {
    for (const NamedDataset& set : sets_) {
      for (int64_t i = 0; set.name == result.set && i < set.dataset->size(); ++i) {
        if (set.dataset->path(i) == result.image_path) return {&set, i};
      }
    }
    fail(kReport, "no picture {} in a data set '{}'; give the sets that were evaluated", result.image_path, result.set);
  }

  std::string glossary() const {
    const bool reference = evaluate_.protocol == Protocol::kReference;
    std::string html = "<h2>What the numbers mean</h2>\n<dl>\n";
    const auto entry = [&](const char* name, const std::string& text) {
      html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, text);
    };
    entry("SAM", "SAM's own mask, from a pass without the HQ token.");
    if (result_.mean.count("hq")) entry("HQ", "The mask of the HQ token alone.");
    if (result_.mean.count("sum")) entry("SAM + HQ", "The sum of both masks' logits in the HQ pass.");
    entry("mIoU", "Intersection over union with the truth, mean over masks.");
    entry("mBIoU", fmt::format("The same within the boundary band, {:g} % of the diagonal wide.",
                               100 * evaluate_.boundary_dilation));
    entry("Protocol", reference ? "reference: picture and label squashed to the model's square; the mask goes to the "
                                  "picture's size in one bilinear step."
                                : "keep_aspect: the longer side goes to the model's size, the rest is padded; masks go "
                                  "back through the padded square.");
    entry("Interval",
          "Percentile bootstrap over masks, 95 %. One that leaves out zero is a difference that chance "
          "hardly explains.");
    return html + "</dl>\n";
  }

  SamHq& model_;
  const std::vector<NamedDataset>& sets_;
  const EvaluateResult& result_;
  const EvaluateOptions& evaluate_;
  const ReportOptions& options_;
  std::string lead_;
  bool paired_;  // SAM was evaluated beside the leading kind
  std::vector<std::string> kinds_;
};

}  // namespace

void write_evaluation_report(const std::filesystem::path& path, SamHq& model, const std::vector<NamedDataset>& sets,
                             const EvaluateResult& result, const EvaluateOptions& evaluate_options,
                             const ReportOptions& options) {
  write_file(path, html_page(options.title, Page(model, sets, result, evaluate_options, options).body()));
}

}  // namespace hqsam
