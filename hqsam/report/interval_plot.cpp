// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/interval_plot.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "hqsam/report/html.h"

namespace hqsam {
namespace {

constexpr double kWidth = 480, kLeft = 132, kRight = 20, kRow = 28, kAxis = 26;  // SVG units
constexpr size_t kLabel = 16;                                                    // characters that fit left of kLeft

// 1, 2 or 5 times a power of ten, so that `range` has about five steps.
double tick_step(double range) {
  const double raw = range / 5, power = std::pow(10.0, std::floor(std::log10(raw)));
  const double digit = raw / power;
  return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

// At most kLabel characters, not cut inside one.
std::string shortened(const std::string& text) {
  size_t characters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (++characters > kLabel) return text.substr(0, i) + "…";
  }
  return text;
}

}  // namespace

std::string interval_plot(const std::vector<IntervalRow>& rows) {
  double low = 0, high = 0;
  for (const IntervalRow& row : rows) {
    low = std::min(low, row.interval.low);
    high = std::max(high, row.interval.high);
  }
  const double step = tick_step(std::max(high - low, 0.1));
  const double first = std::floor(low / step) * step, last = std::max(std::ceil(high / step) * step, first + step);
  const auto x = [&](double value) { return kLeft + (value - first) / (last - first) * (kWidth - kLeft - kRight); };
  const double bottom = kRow * static_cast<double>(rows.size()) + 4;

  std::string svg = fmt::format("<svg class=\"plot\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"intervals\">\n",
                                kWidth, bottom + kAxis);
  const auto ticks = std::llround((last - first) / step);
  for (int64_t i = 0; i <= ticks; ++i) {
    const double value = first + static_cast<double>(i) * step;
    const bool zero = std::abs(value) < step / 1000;
    svg += fmt::format("<line{0} x1=\"{1:.1f}\" y1=\"4\" x2=\"{1:.1f}\" y2=\"{2:.1f}\"/>",
                       zero ? " class=\"zero\"" : "", x(value), bottom);
    svg += fmt::format("<text class=\"soft\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n", x(value),
                       bottom + 18, zero ? "0" : fmt::format("{:+.6g}", value));
  }
  double y = kRow / 2 + 4;
  for (const IntervalRow& row : rows) {
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", kLeft - 14, y + 4,
                       escape_html(shortened(row.label)));
    svg += fmt::format("<line class=\"bar\" x1=\"{0:.1f}\" y1=\"{2:.1f}\" x2=\"{1:.1f}\" y2=\"{2:.1f}\"/>",
                       x(row.interval.low), x(row.interval.high), y);
    svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\"/>\n", x(row.interval.mean), y);
    y += kRow;
  }
  return svg + "</svg>\n";
}

}  // namespace hqsam
