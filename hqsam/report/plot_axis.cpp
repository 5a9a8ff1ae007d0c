// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/plot_axis.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

namespace hqsam {
namespace {

// 1, 2 or 5 times a power of ten, so that `range` has about five steps.
double tick_step(double range) {
  const double raw = range / 5, power = std::pow(10.0, std::floor(std::log10(raw)));
  const double digit = raw / power;
  return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

}  // namespace

int64_t PlotAxis::ticks() const { return std::llround((last - first) / step); }

PlotAxis plot_axis(double low, double high) {
  const double magnitude = std::max(std::abs(low), std::abs(high));
  const double narrowest = magnitude > 0 ? 1e-6 * magnitude : 1;
  if (high - low < narrowest) {
    const double half = magnitude > 0 ? 0.1 * magnitude : 0.5;
    low -= half;
    high += half;
  }
  PlotAxis axis;
  axis.step = tick_step(high - low);
  // A bound that is a tick but for rounding stays the end of the axis.
  axis.first = std::floor(low / axis.step + 1e-9) * axis.step;
  axis.last = std::max(std::ceil(high / axis.step - 1e-9) * axis.step, axis.first + axis.step);
  return axis;
}

std::string tick_text(const PlotAxis& axis, int64_t i) {
  const double value = axis.tick(i);
  return std::abs(value) < axis.step / 1000 ? "0" : fmt::format("{:.6g}", value);
}

std::string svg_rows(const PlotAxis& axis, double left, double right, const std::function<double(double)>& py) {
  std::string svg;
  for (int64_t i = 0; i <= axis.ticks(); ++i) {
    const double y = py(axis.tick(i));
    svg += fmt::format("<line x1=\"{}\" y1=\"{:.1f}\" x2=\"{}\" y2=\"{:.1f}\"/>", left, y, right, y);
    svg += fmt::format("<text class=\"soft\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", left - 7, y + 5,
                       tick_text(axis, i));
  }
  return svg;
}

std::string shortened(const std::string& text, size_t characters) {
  size_t count = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (++count > characters) return text.substr(0, i) + "…";
  }
  return text;
}

}  // namespace hqsam
