// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/interval_plot.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "hqsam/report/html.h"
#include "hqsam/report/plot_axis.h"

namespace hqsam {
namespace {

constexpr double kWidth = 480, kLeft = 132, kRight = 20, kRow = 28, kAxis = 26;  // SVG units
constexpr size_t kLabel = 16;                                                    // characters that fit left of kLeft

}  // namespace

std::string interval_plot(const std::vector<IntervalRow>& rows) {
  double low = 0, high = 0;
  for (const IntervalRow& row : rows) {
    low = std::min(low, row.interval.low);
    high = std::max(high, row.interval.high);
  }
  const PlotAxis axis = plot_axis(low, std::max(high, low + 0.1));
  const auto x = [&](double value) { return kLeft + axis.place(value) * (kWidth - kLeft - kRight); };
  const double bottom = kRow * static_cast<double>(rows.size()) + 4;

  std::string svg = fmt::format("<svg class=\"plot\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"intervals\">\n",
                                kWidth, bottom + kAxis);
  for (int64_t i = 0; i <= axis.ticks(); ++i) {
    const double value = axis.tick(i);
    const bool zero = tick_text(axis, i) == "0";
    svg += fmt::format("<line{0} x1=\"{1:.1f}\" y1=\"4\" x2=\"{1:.1f}\" y2=\"{2:.1f}\"/>",
                       zero ? " class=\"zero\"" : "", x(value), bottom);
    svg += fmt::format("<text class=\"soft\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n", x(value),
                       bottom + 18, zero ? "0" : fmt::format("{:+.6g}", value));
  }
  double y = kRow / 2 + 4;
  for (const IntervalRow& row : rows) {
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", kLeft - 14, y + 4,
                       escape_html(shortened(row.label, kLabel)));
    svg += fmt::format("<line class=\"bar\" x1=\"{0:.1f}\" y1=\"{2:.1f}\" x2=\"{1:.1f}\" y2=\"{2:.1f}\"/>",
                       x(row.interval.low), x(row.interval.high), y);
    svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\"/>\n", x(row.interval.mean), y);
    y += kRow;
  }
  return svg + "</svg>\n";
}

}  // namespace hqsam
