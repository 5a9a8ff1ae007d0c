// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hqsam/metrics/bootstrap.h"

namespace hqsam {

struct IntervalRow {
  std::string label;  // text, not HTML
  Interval interval;
};

// An SVG of one line per row: its interval as a bar, its mean as a dot, on a common scale that shows zero.
std::string interval_plot(const std::vector<IntervalRow>& rows);

}  // namespace hqsam
