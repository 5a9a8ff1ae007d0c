// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hqsam/core/geometry.h"

namespace hqsam {

struct Curve {
  std::string label;          // text, not HTML
  std::vector<Point> points;  // by rising x; what is not finite is left out
  std::string color;          // a CSS variable of html_page: "sam", "hq", "sum"; "" = by the curve's number
};

struct CurvePlot {
  std::string title, x_label;  // text
  std::vector<Curve> curves;
  std::optional<double> low, high;  // what the vertical axis must reach
  std::string note;                 // one soft line under the plot; text
};

// The color, where it has one, or the palette's for the curve's number.
std::string curve_color(const Curve& curve, size_t number);

// A figure: title, SVG and legend. Curves of more than kCurveBins points are drawn as means of as many bins,
// over a band from their smallest to their largest value. "" where no curve has a point.
inline constexpr size_t kCurveBins = 240;
std::string curve_plot(const CurvePlot& plot);

// Figures beside each other where there is room.
std::string plot_grid(const std::vector<std::string>& figures);

}  // namespace hqsam
