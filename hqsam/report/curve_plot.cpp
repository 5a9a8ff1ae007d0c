// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/curve_plot.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "hqsam/report/html.h"
#include "hqsam/report/plot_axis.h"

namespace hqsam {
namespace {

constexpr double kWidth = 480, kHeight = 250, kLeft = 58, kRight = 14, kTop = 10, kBottom = 44;  // SVG units
constexpr const char* kDashes[] = {"", "8 4", "2 4", "10 3 2 3", "5 5", "1 5"};

struct Bin {
  Point mean;
  double low = 0, high = 0;
};

// Points, or bins of about equally many of them.
std::vector<Bin> thinned(const std::vector<Point>& points) {
  std::vector<Point> finite;
  std::copy_if(points.begin(), points.end(), std::back_inserter(finite),
               [](const Point& point) { return std::isfinite(point.x) && std::isfinite(point.y); });
  const size_t count = std::min(finite.size(), kCurveBins);
  std::vector<Bin> bins;
  for (size_t i = 0; i < count; ++i) {
    const size_t first = i * finite.size() / count, end = (i + 1) * finite.size() / count;
    Bin bin{{0, 0}, finite[first].y, finite[first].y};
    for (size_t k = first; k < end; ++k) {
      bin.mean.x += finite[k].x / static_cast<double>(end - first);
      bin.mean.y += finite[k].y / static_cast<double>(end - first);
      bin.low = std::min(bin.low, finite[k].y);
      bin.high = std::max(bin.high, finite[k].y);
    }
    bins.push_back(bin);
  }
  return bins;
}

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void reach(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

class Drawing {
 public:
  explicit Drawing(const CurvePlot& plot) : plot_(plot) {
    for (const Curve& curve : plot.curves) bins_.push_back(thinned(curve.points));
    Range x, y;
    for (const auto& bins : bins_) {
      for (const Bin& bin : bins) x.reach(bin.mean.x), y.reach(bin.low), y.reach(bin.high);
    }
    empty_ = x.high < x.low;
    if (empty_) return;
    if (plot.low) y.reach(*plot.low);
    if (plot.high) y.reach(*plot.high);
    x_ = plot_axis(x.low, x.high);
    y_ = plot_axis(y.low, y.high);
  }

  bool empty() const { return empty_; }

  std::string svg() const {
    std::string svg = fmt::format("<svg class=\"plot\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n", kWidth,
                                  kHeight, escape_html(spoken()));
    svg += grid();
    for (size_t i = 0; i < bins_.size(); ++i) svg += curve(i);
    return svg + "</svg>\n";
  }

  std::string legend() const {
    std::string html;
    for (size_t i = 0; i < bins_.size(); ++i) {
      if (bins_[i].empty()) continue;
      html += fmt::format(
          "<li><svg viewBox=\"0 0 26 8\" aria-hidden=\"true\"><path class=\"curve\" d=\"M1 4H25\"{}/></svg>{}</li>",
          stroke(i), escape_html(plot_.curves[i].label));
    }
    return "<ul class=\"legend\">" + html + "</ul>\n";
  }

 private:
  double px(double x) const { return kLeft + x_.place(x) * (kWidth - kLeft - kRight); }
  double py(double y) const { return kHeight - kBottom - y_.place(y) * (kHeight - kTop - kBottom); }

  std::string stroke(size_t i) const {
    const char* dash = kDashes[i % std::size(kDashes)];
    return fmt::format(" style=\"stroke:var(--{})\"{}", curve_color(plot_.curves[i], i),
                       *dash ? fmt::format(" stroke-dasharray=\"{}\"", dash) : "");
  }

  // What a reader who cannot see it hears: each curve's first and last value.
  std::string spoken() const {
    std::string text = plot_.title;
    for (size_t i = 0; i < bins_.size(); ++i) {
      if (bins_[i].empty()) continue;
      text += fmt::format("; {} from {:.4g} to {:.4g}", plot_.curves[i].label, bins_[i].front().mean.y,
                          bins_[i].back().mean.y);
    }
    return text;
  }

  std::string grid() const {
    std::string svg = svg_rows(y_, kLeft, kWidth - kRight, [this](double y) { return py(y); });
    const double bottom = kHeight - kBottom;
    for (int64_t i = 0; i <= x_.ticks(); ++i) {
      const char* anchor = i == x_.ticks() ? "end" : "middle";
      const double x = px(x_.tick(i)) + (i == x_.ticks() ? kRight - 2 : 0);
      svg += fmt::format("<text class=\"soft\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x,
                         bottom + 18, anchor, tick_text(x_, i));
    }
    return svg + fmt::format("<text class=\"soft\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                             (kLeft + kWidth - kRight) / 2, kHeight - 6, escape_html(plot_.x_label));
  }

  std::string curve(size_t number) const {
    const auto& bins = bins_[number];
    std::string svg;
    if (plot_.curves[number].points.size() > kCurveBins) {
      std::string outline;
      for (size_t i = 0; i < bins.size(); ++i) {
        outline += fmt::format("{}{:.1f} {:.1f}", i == 0 ? "M" : "L", px(bins[i].mean.x), py(bins[i].high));
      }
      for (size_t i = bins.size(); i-- > 0;)
        outline += fmt::format("L{:.1f} {:.1f}", px(bins[i].mean.x), py(bins[i].low));
      svg += fmt::format("<path class=\"band\" style=\"fill:var(--{})\" d=\"{}Z\"/>\n",
                         curve_color(plot_.curves[number], number), outline);
    }
    std::string line;
    for (size_t i = 0; i < bins.size(); ++i) {
      line += fmt::format("{}{:.1f} {:.1f}", i == 0 ? "M" : "L", px(bins[i].mean.x), py(bins[i].mean.y));
    }
    if (bins.size() > 1) svg += fmt::format("<path class=\"curve\"{} d=\"{}\"/>\n", stroke(number), line);
    if (bins.size() <= 30) {
      for (const Bin& bin : bins) {
        svg += fmt::format("<circle style=\"fill:var(--{})\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\"/>",
                           curve_color(plot_.curves[number], number), px(bin.mean.x), py(bin.mean.y));
      }
    }
    return svg;
  }

  const CurvePlot& plot_;
  std::vector<std::vector<Bin>> bins_;
  bool empty_ = true;
  PlotAxis x_, y_;
};

}  // namespace

std::string curve_color(const Curve& curve, size_t number) {
  return curve.color.empty() ? fmt::format("c{}", number % 6) : curve.color;
}

std::string curve_plot(const CurvePlot& plot) {
  const Drawing drawing(plot);
  if (drawing.empty()) return "";
  const std::string note = plot.note.empty() ? "" : fmt::format("<p class=\"soft\">{}</p>\n", escape_html(plot.note));
  return fmt::format("<figure class=\"card chart\"><figcaption>{}</figcaption>\n{}{}{}</figure>\n",
                     escape_html(plot.title), drawing.svg(), drawing.legend(), note);
}

std::string plot_grid(const std::vector<std::string>& figures) {
  std::string html;
  for (const std::string& figure : figures) html += figure;
  return html.empty() ? "" : "<div class=\"charts\">\n" + html + "</div>\n";
}

}  // namespace hqsam
