// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/metrics/bootstrap.h"
#include "hqsam/report/curve_plot.h"
#include "hqsam/report/html.h"
#include "hqsam/report/run_log.h"

namespace hqsam {

// The metrics of a validation without those that say the same twice: with a single set "val/hq.mbiou" is "hq.mbiou".
std::map<std::string, double> without_doubles(const std::map<std::string, double>& metrics);

// "SAM", "HQ", "SAM + HQ" and "at the start" of the words of metrics.jsonl.
std::string kind_words(const std::string& kind);

// What a run's log says of its validations, for its report.
class TrainingValidations {
 public:
  void add(RunLine line);  // one with metrics of a validation; in the order of the log
  bool empty() const { return lines_.empty(); }

  std::string counted() const;           // "62 masks of 25 pictures"; "" where the log does not tell
  std::vector<HtmlFact> tiles() const;   // the best masks of the last validation beside SAM, the best score
  std::vector<CurvePlot> plots() const;  // a plot per metric, SAM beside what trains; metrics that are 0 throughout not
  std::vector<std::string> zeros() const;  // those metrics, for people

  // Of the table of epochs: columns, and the cells of a line's validation or of what the run began with.
  std::vector<std::string> header() const;
  std::vector<std::string> cells(const RunLine& line) const;
  std::optional<std::vector<std::string>> start_cells() const;
  std::string start_title() const;  // "SAM"

 private:
  std::string lead() const;   // the kind of mask that trains
  std::string start() const;  // the kind that the run began with; "" where the log has none
  std::vector<std::string> followed() const;
  std::optional<Interval> gain(const RunLine& line, const std::string& kind, const std::string& metric) const;
  Curve curve(const std::string& name, const std::string& label, const std::string& color) const;

  std::vector<RunLine> lines_;
};

}  // namespace hqsam
