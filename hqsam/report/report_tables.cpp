// SPDX-License-Identifier: Apache-2.0
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <map>
#include <set>

#include "hqsam/metrics/curves.h"
#include "hqsam/metrics/names.h"
#include "hqsam/report/curve_plot.h"
#include "hqsam/report/html.h"
#include "hqsam/report/interval_plot.h"
#include "hqsam/report/panels.h"
#include "hqsam/report/report_parts.h"

namespace hqsam {

namespace {

// Metrics that the first table has, or a curve.
bool is_drawn(const std::string& name) {
  return name == "miou" || name == "mbiou" || name.starts_with("recall") || name.find("_click") != std::string::npos;
}

using Metrics = std::map<std::string, double>;

struct MetricColumn {
  std::string title;  // HTML
  const Metrics* metrics;
};

std::vector<MetricColumn> metric_columns(const ReportContext& context) {
  std::vector<MetricColumn> columns;
  const auto add = [&](const std::string& title, const MetricsByKind& of_kinds) {
    for (const MaskKind kind : context.kinds) {
      const auto at = of_kinds.find(kind);
      if (at != of_kinds.end()) columns.push_back({escape_html(title) + ", " + kind_label(kind), &at->second});
    }
  };
  for (const SetResult& set : context.result.sets) add(set.name, set.metrics);
  if (context.result.sets.size() > 1) add("mean", context.result.mean);
  return columns;
}

// What else was measured: a row per metric, a column per set and kind. Metrics that are 0 throughout are named below.
std::string more_metrics(const ReportContext& context) {
  const std::vector<MetricColumn> columns = metric_columns(context);
  std::set<std::string, decltype(&metric_before)> names(&metric_before);
  for (const MetricColumn& column : columns) {
    for (const auto& [name, value] : *column.metrics) {
      if (!is_drawn(name)) names.insert(name);
    }
  }
  HtmlTable table;
  table.name = "More metrics";
  table.header = {"metric"};
  for (const MetricColumn& column : columns) table.header.push_back(column.title);
  std::vector<std::string> zeros;
  for (const std::string& name : names) {
    std::vector<std::string> row = {escape_html(metric_title(name))};
    bool zero = true;
    for (const MetricColumn& column : columns) {
      const auto at = column.metrics->find(name);
      const bool known = at != column.metrics->end();
      row.push_back(known ? fmt::format("{:.2f}", at->second) : "&ndash;");
      zero = zero && (!known || at->second == 0);
    }
    if (zero)
      zeros.push_back(row.front());
    else
      table.rows.push_back(std::move(row));
  }
  std::string html = table.rows.empty() ? "" : html_table(table);
  if (!zeros.empty()) html += fmt::format("<p class=\"soft\">0 throughout: {}.</p>\n", fmt::join(zeros, "; "));
  return html;
}

// Share of the masks, percent, whose boundary IoU is above each threshold.
std::string recall_plot(const ReportContext& context) {
  CurvePlot plot{"Recall over boundary IoU", "boundary IoU, above", {}, 0, 100, "Percent of all masks, pooled."};
  if (context.result.samples.empty()) return "";
  for (const MaskKind kind : context.kinds) {
    Curve curve{kind_label(kind), {}, to_string(kind)};
    std::vector<double> ious;
    for (const SampleResult& sample : context.result.samples) ious.push_back(sample.scores.at(kind).boundary_iou);
    for (int step = 0; step <= 50; ++step) {
      const double threshold = step / 50.0;
      curve.points.push_back({threshold, 100 * share_above(ious, threshold)});
    }
    plot.curves.push_back(std::move(curve));
  }
  return curve_plot(plot);
}

// Means after 1, 2, ... clicks, all masks as one.
std::string click_plot(const ReportContext& context, std::vector<double> SampleResult::Scores::*of_clicks,
                       const std::string& title, const std::string& note) {
  CurvePlot plot{title, "clicks", {}, {}, 100, note};
  for (const MaskKind kind : context.kinds) {
    std::vector<std::vector<double>> ious;
    for (const SampleResult& sample : context.result.samples) {
      const auto& clicks = sample.scores.at(kind).*of_clicks;
      if (!clicks.empty()) ious.push_back(clicks);
    }
    if (ious.empty()) continue;
    Curve curve{kind_label(kind), {}, to_string(kind)};
    for (const double iou : mean_curve(ious, context.evaluate.clicks)) {
      curve.points.push_back({static_cast<double>(curve.points.size() + 1), 100 * iou});
    }
    plot.curves.push_back(std::move(curve));
  }
  return curve_plot(plot);
}

}  // namespace

std::string sets_section(const ReportContext& context) {
  HtmlTable table;
  table.header = {"set", "pictures"};
  table.name = "Sets";
  table.lead = 2;
  table.counts = true;
  for (const MaskKind kind : context.kinds) {
    table.groups.push_back(kind_label(kind));
    table.header.insert(table.header.end(), {"mIoU", "mBIoU"});
  }
  const auto add = [&](const std::string& name, const std::string& pictures, const auto& metrics) {
    std::vector<std::string> row = {name, pictures};
    for (const MaskKind kind : context.kinds) {
      const auto at = metrics.find(kind);
      for (const char* metric : {"miou", "mbiou"}) {
        const bool known = at != metrics.end() && at->second.count(metric);
        row.push_back(known ? fmt::format("{:.2f}", at->second.at(metric)) : "&ndash;");
      }
    }
    table.rows.push_back(std::move(row));
  };
  for (const SetResult& set : context.result.sets) add(escape_html(set.name), std::to_string(set.images), set.metrics);
  add("mean of sets", "", context.result.mean);
  table.totals = 1;
  return "<h2>Sets</h2>\n<p class=\"soft\">Percent.</p>\n" + html_table(table) + more_metrics(context);
}

std::string differences_section(const ReportContext& context) {
  HtmlTable table;
  table.header = {"set", "masks"};
  table.name = "Difference to SAM";
  table.lead = 2;
  table.counts = true;
  std::vector<IntervalRow> rows;
  for (const MaskKind kind : context.kinds) {
    if (kind == MaskKind::kSam) continue;
    table.groups.push_back((kind == MaskKind::kSum ? "(SAM + HQ)" : kind_label(kind)) + " &minus; SAM");
    table.header.insert(table.header.end(), {"mIoU", "mBIoU"});
  }
  const auto add = [&](const std::string& title, const std::string& set) {
    const auto count = std::count_if(context.result.samples.begin(), context.result.samples.end(),
                                     [&](const SampleResult& sample) { return set.empty() || sample.set == set; });
    std::vector<std::string> row = {escape_html(title), std::to_string(count)};
    for (const MaskKind kind : context.kinds) {
      if (kind == MaskKind::kSam) continue;
      for (const Metric metric : {Metric::kIou, Metric::kBoundaryIou}) {
        const Interval interval = difference_interval(context.result, kind, MaskKind::kSam, metric, set);
        row.push_back(fmt::format("{} <small>{}</small>", signed_cell(interval), interval_text(interval)));
        if (kind == context.lead && metric == Metric::kBoundaryIou) rows.push_back({title, interval});
      }
    }
    table.rows.push_back(std::move(row));
  };
  for (const SetResult& set : context.result.sets) {
    if (!set.metrics.empty()) add(set.name, set.name);
  }
  add("pooled", "");
  table.totals = 1;
  return fmt::format(
      "<h2>Difference to SAM</h2>\n<p class=\"soft\">Mask by mask, in percentage points, with 95 % bootstrap "
      "intervals. The plot is of {} &minus; SAM, mBIoU.</p>\n<div class=\"card\">{}</div>\n{}",
      kind_label(context.lead), interval_plot(rows), html_table(table));
}

std::string curves_section(const ReportContext& context) {
  const std::string grid = plot_grid(
      {recall_plot(context),
       click_plot(context, &SampleResult::Scores::click_ious, "Clicks", "Mean IoU of all masks, pooled, percent."),
       click_plot(context, &SampleResult::Scores::click_boundary_ious, "Clicks, boundaries",
                  "Mean boundary IoU of all masks, pooled, percent.")});
  return grid.empty() ? "" : "<h2>Curves</h2>\n" + grid;
}

std::string cost_section(const ReportContext& context) {
  std::string html;
  if (!context.options.costs.empty()) {
    html +=
        "<h2>Cost</h2>\n<p class=\"soft\">Learnable: what training changes. Speed: encoder and decoder, one prompt "
        "a picture, on this machine. Memory: the evaluation's peak.</p>\n" +
        cost_table(context.options.costs);
  }
  return html + trade_off_section(context.options.beside);
}

}  // namespace hqsam
