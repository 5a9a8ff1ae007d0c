// SPDX-License-Identifier: Apache-2.0
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "hqsam/report/cost.h"
#include "hqsam/report/html.h"
#include "hqsam/report/panels.h"
#include "hqsam/report/plot_axis.h"

namespace hqsam {
namespace {

constexpr double kWidth = 480, kHeight = 270, kLeft = 52, kRight = 18, kTop = 16, kBottom = 44;  // SVG units

// A scatter of score over `value`, of the points that have one.
std::string scatter(std::span<const TradeOffPoint> points, const std::string& title, const std::string& x_label,
                    double (*value)(const TradeOffPoint&)) {
  std::vector<const TradeOffPoint*> known;
  for (const TradeOffPoint& point : points) {
    if (value(point) > 0 && std::isfinite(value(point)) && std::isfinite(point.score)) known.push_back(&point);
  }
  if (known.empty()) return "";
  const auto by_value = [&](auto* a, auto* b) { return value(*a) < value(*b); };
  const auto by_score = [](auto* a, auto* b) { return a->score < b->score; };
  const auto right = std::max_element(known.begin(), known.end(), by_value);
  const auto [low, high] = std::minmax_element(known.begin(), known.end(), by_score);
  const PlotAxis x_axis = plot_axis(0, value(**right) * 1.15), y_axis = plot_axis((*low)->score, (*high)->score);
  const auto px = [&](double x) { return kLeft + x_axis.place(x) * (kWidth - kLeft - kRight); };
  const auto py = [&](double y) { return kHeight - kBottom - y_axis.place(y) * (kHeight - kTop - kBottom); };

  std::string svg = fmt::format("<svg class=\"plot\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n", kWidth,
                                kHeight, escape_html(title + "; the numbers are in the table"));
  svg += svg_rows(y_axis, kLeft, kWidth - kRight, py);
  for (int64_t i = 0; i <= x_axis.ticks(); ++i) {
    svg += fmt::format("<text class=\"soft\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
                       px(x_axis.tick(i)), kHeight - kBottom + 18, tick_text(x_axis, i));
  }
  svg += fmt::format("<text class=\"soft\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", kWidth / 2,
                     kHeight - 6, escape_html(x_label));
  for (const TradeOffPoint* point : known) {
    const double x = px(value(*point)), y = py(point->score);
    const bool on_right = x > 0.6 * kWidth;
    svg += fmt::format("<circle class=\"dot\" style=\"fill:var(--{})\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"6\"/>",
                       point->kind, x, y);
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", on_right ? x - 10 : x + 10,
                       y - 8, on_right ? "end" : "start", escape_html(shortened(point->name, 24)));
  }
  return fmt::format("<figure class=\"card chart\"><figcaption>{}</figcaption>\n{}</svg>\n</figure>\n",
                     escape_html(title), svg);
}

}  // namespace

std::string trade_off_section(std::span<const TradeOffPoint> points) {
  if (points.size() < 2) return "";
  HtmlTable table;
  table.name = "Checkpoints";
  table.header = {"checkpoint", "masks", "mBIoU", "images/s", "parameters, M"};
  for (const TradeOffPoint& point : points) {
    const auto& cost = point.cost;
    const MaskKind kind = choose(point.kind, kMaskKinds, "trade_off_section", "kind");
    table.rows.push_back({escape_html(point.name), kind_label(kind), fmt::format("{:.2f}", point.score),
                          cost.images_per_s > 0 ? fmt::format("{:.3g}", cost.images_per_s) : "&ndash;",
                          fmt::format("{:.1f}", static_cast<double>(cost.parameters) / 1e6)});
  }
  const std::string speed = scatter(points, "mBIoU over speed", "images/s",
                                    [](const TradeOffPoint& point) { return point.cost.images_per_s; });
  const std::string size = scatter(points, "mBIoU over size", "parameters, millions", [](const TradeOffPoint& point) {
    return static_cast<double>(point.cost.parameters) / 1e6;
  });
  return "<h2>Checkpoints</h2>\n<div class=\"charts\">\n" + speed + size + "</div>\n" + html_table(table);
}

}  // namespace hqsam
