// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace hqsam {

// A plot's scale: ticks at first, first + step, ..., last.
struct PlotAxis {
  double first = 0, last = 1, step = 1;

  int64_t ticks() const;  // steps from first to last; there is one more line than that
  double tick(int64_t i) const { return first + static_cast<double>(i) * step; }
  // Where a value lies, 0 at first and 1 at last.
  double place(double value) const { return (value - first) / (last - first); }
};

// Round numbers around low..high, about five steps; a range without width is widened.
PlotAxis plot_axis(double low, double high);

// A tick's number: six digits at most, and 0 where rounding left almost that.
std::string tick_text(const PlotAxis& axis, int64_t i);

// An SVG's lines and numbers across a plot from x = left to right, one per tick; py gives a value's y.
std::string svg_rows(const PlotAxis& axis, double left, double right, const std::function<double(double)>& py);

// At most `characters` of UTF-8 text, not cut inside one, then an ellipsis.
std::string shortened(const std::string& text, size_t characters);

}  // namespace hqsam
