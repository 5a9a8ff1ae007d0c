// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/training_validations.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "hqsam/metrics/names.h"
#include "hqsam/report/differences.h"

namespace hqsam {
namespace {

using Numbers = std::map<std::string, double>;

// Metrics to follow over a run; the points of curves over thresholds or clicks are too many.
bool is_followed(const std::string& metric) {
  return !metric.starts_with("recall") && metric.find("_click") == std::string::npos;
}

std::set<std::string> sets_of(const Numbers& metrics) {
  std::set<std::string> sets;
  for (const auto& [name, value] : metrics) {
    if (const std::string set = split_metric(name).set; !set.empty()) sets.insert(set);
  }
  return sets;
}

std::string cell(const Numbers& metrics, const std::string& name) {
  const auto at = metrics.find(name);
  return at == metrics.end() ? "&ndash;" : fmt::format("{:.2f}", at->second);
}

double score(const RunLine& line) {
  const auto at = line.numbers.find("score");
  return at == line.numbers.end() ? -INFINITY : at->second;
}

}  // namespace

std::map<std::string, double> without_doubles(const std::map<std::string, double>& metrics) {
  if (sets_of(metrics).size() != 1) return metrics;
  Numbers single;
  for (const auto& [name, value] : metrics) {
    MetricName split = split_metric(name);
    split.set.clear();
    if (name == split.text() || !metrics.contains(split.text())) single[name] = value;
  }
  return single;
}

std::string kind_words(const std::string& kind) {
  if (kind == "sam") return "SAM";
  if (kind == "hq") return "HQ";
  if (kind == "sum") return "SAM + HQ";
  return kind == "start" ? "at the start" : kind;
}

void TrainingValidations::add(RunLine line) {
  line.valid = without_doubles(line.valid);
  lines_.push_back(std::move(line));
}

std::string TrainingValidations::lead() const {
  std::set<std::string> kinds;
  for (const RunLine& line : lines_) {
    for (const auto& [name, value] : line.valid) {
      if (line.step > 0 || lines_.size() == 1) kinds.insert(split_metric(name).kind);
    }
  }
  for (const char* kind : {"hq", "sum", "sam"}) {
    if (kinds.contains(kind)) return kind;
  }
  return kinds.empty() ? "" : *kinds.begin();
}

std::string TrainingValidations::start() const {
  const std::string trains = lead();
  for (const RunLine& line : lines_) {
    for (const auto& [name, value] : line.valid) {
      const std::string kind = split_metric(name).kind;
      if (kind == "start" || (kind == "sam" && trains != "sam")) return kind;
    }
  }
  return "";
}

std::string TrainingValidations::start_title() const { return kind_words(start()); }

std::string TrainingValidations::counted() const {
  if (lines_.empty()) return "";
  const Numbers& numbers = lines_.back().numbers;
  const auto masks = numbers.find("masks"), pictures = numbers.find("pictures");
  if (masks == numbers.end() || pictures == numbers.end()) return "";
  return masks_text(std::llround(masks->second), std::llround(pictures->second));
}

std::optional<Interval> TrainingValidations::gain(const RunLine& line, const std::string& kind,
                                                  const std::string& metric) const {
  const std::string begin = "gains." + kind + "-" + start() + "." + metric + ".";
  const auto mean = line.numbers.find(begin + "mean"), low = line.numbers.find(begin + "low"),
             high = line.numbers.find(begin + "high"), end = line.numbers.end();
  if (mean == end || low == end || high == end) return std::nullopt;
  return Interval{mean->second, low->second, high->second};
}

std::vector<HtmlFact> TrainingValidations::tiles() const {
  std::vector<HtmlFact> tiles;
  if (lines_.empty()) return tiles;
  const RunLine& last = lines_.back();
  const bool sum = last.best_masks == "sum" && last.valid.contains("sum.mbiou");
  const std::string trains = sum ? "sum" : lead(), began = start();
  for (const char* metric : {"mbiou", "miou"}) {
    const auto value = last.valid.find(trains + "." + metric);
    if (value == last.valid.end()) continue;
    const auto at_start = last.valid.find(began + "." + metric);
    const bool known = !began.empty() && value != at_start && at_start != last.valid.end();
    tiles.emplace_back(fmt::format("{} of {}{}{}", metric_title(metric), kind_words(trains),
                                   known ? fmt::format(", {} {:.1f}", kind_words(began), at_start->second) : "",
                                   last.step == 0 ? ", before the first step" : ", last validation"),
                       fmt::format("{:.1f}", value->second));
    if (const auto gained = gain(last, trains, metric)) {
      tiles.emplace_back(
          fmt::format("{} over {} {}{}", metric_title(metric), began == "start" ? "the start" : kind_words(began),
                      interval_text(*gained), unclear_text(*gained)),
          signed_cell(*gained));
    }
  }
  const auto best = std::max_element(lines_.begin(), lines_.end(),
                                     [](const RunLine& a, const RunLine& b) { return score(a) < score(b); });
  if (std::isfinite(score(*best))) {
    tiles.emplace_back(fmt::format("best score, after step {}: best.pth", best->step),
                       fmt::format("{:.2f}", score(*best)));
  }
  return tiles;
}

Curve TrainingValidations::curve(const std::string& name, const std::string& label, const std::string& color) const {
  Curve curve{label, {}, color};
  for (const RunLine& line : lines_) {
    const auto at = line.valid.find(name);
    if (at != line.valid.end()) curve.points.push_back({static_cast<double>(line.step), at->second});
  }
  return curve;
}

// Metrics of the mean over sets, in the order that people know; those that are 0 throughout come last.
std::vector<std::string> TrainingValidations::followed() const {
  std::set<std::string, decltype(&metric_before)> metrics(&metric_before);
  for (const RunLine& line : lines_) {
    for (const auto& [name, value] : line.valid) {
      const MetricName split = split_metric(name);
      if (is_followed(split.metric) && value != 0) metrics.insert(split.metric);
    }
  }
  return {metrics.begin(), metrics.end()};
}

std::vector<std::string> TrainingValidations::zeros() const {
  const std::vector<std::string> shown = followed();
  std::set<std::string, decltype(&metric_before)> zeros(&metric_before);
  for (const RunLine& line : lines_) {
    for (const auto& [name, value] : line.valid) {
      const std::string metric = split_metric(name).metric;
      if (is_followed(metric) && std::find(shown.begin(), shown.end(), metric) == shown.end()) zeros.insert(metric);
    }
  }
  std::vector<std::string> titles;
  for (const std::string& metric : zeros) titles.push_back(metric_title(metric));
  return titles;
}

std::vector<CurvePlot> TrainingValidations::plots() const {
  const std::string trains = lead(), began = start();
  std::set<std::string> names;
  for (const RunLine& line : lines_) {
    for (const auto& [name, value] : line.valid) names.insert(name);
  }
  const bool several =
      std::any_of(names.begin(), names.end(), [](const std::string& name) { return !split_metric(name).set.empty(); });
  std::vector<CurvePlot> plots;
  for (const std::string& metric : followed()) {
    CurvePlot plot{metric_title(metric) + " in validation", "step", {}, {}, {}, ""};
    for (const bool of_set : {false, true}) {
      for (const std::string& name : names) {
        const MetricName split = split_metric(name);
        if (split.metric != metric || split.set.empty() == of_set) continue;
        if (of_set && split.kind != trains) continue;  // SAM's mean is enough
        const std::string color = of_set ? "" : split.kind == began ? "sam" : split.kind == "sum" ? "sum" : "hq";
        const std::string whose = of_set ? split.set + ", " : "", mean = several && !of_set ? ", mean of sets" : "";
        plot.curves.push_back(curve(name, whose + kind_words(split.kind) + mean, color));
      }
    }
    if (!began.empty()) plot.note = kind_words(began) == "SAM" ? "SAM was measured before the first step." : "";
    plots.push_back(std::move(plot));
  }
  return plots;
}

std::vector<std::string> TrainingValidations::header() const {
  std::vector<std::string> header;
  for (const std::string& metric : followed()) header.push_back(escape_html(metric_title(metric)));
  if (!start().empty()) header.push_back("mBIoU &minus; " + (start() == "start" ? "start" : kind_words(start())));
  return header;
}

std::vector<std::string> TrainingValidations::cells(const RunLine& line) const {
  std::vector<std::string> cells;
  for (const std::string& metric : followed()) cells.push_back(cell(line.valid, lead() + "." + metric));
  if (start().empty()) return cells;
  const auto gained = gain(line, lead(), "mbiou");
  cells.push_back(gained ? fmt::format("{} <small>{}</small>", signed_cell(*gained), interval_text(*gained))
                         : "&ndash;");
  return cells;
}

std::optional<std::vector<std::string>> TrainingValidations::start_cells() const {
  const std::string began = start();
  for (const RunLine& line : lines_) {
    if (began.empty() || !line.valid.contains(began + ".mbiou")) continue;
    std::vector<std::string> cells;
    for (const std::string& metric : followed()) cells.push_back(cell(line.valid, began + "." + metric));
    cells.emplace_back("");
    return cells;
  }
  return std::nullopt;
}

}  // namespace hqsam
