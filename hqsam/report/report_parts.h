// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hqsam/report/differences.h"
#include "hqsam/report/report.h"

namespace hqsam {

// What the parts of an evaluation's report are made of.
struct ReportContext {
  SamHq& model;
  const std::vector<NamedDataset>& sets;
  const EvaluateResult& result;
  const EvaluateOptions& evaluate;
  const ReportOptions& options;
  MaskKind lead;                // the kind of mask that the report is about
  MaskKind headline = lead;     // the best masks, which predict gives by default
  bool paired = false;          // SAM was evaluated beside it
  std::vector<MaskKind> kinds;  // that were evaluated, SAM first
};

// The sections of the page, each with its heading; "" where there is nothing to show.
std::string sets_section(const ReportContext& context);
std::string differences_section(const ReportContext& context);
std::string curves_section(const ReportContext& context);
std::string cost_section(const ReportContext& context);
std::string galleries_section(const ReportContext& context);

}  // namespace hqsam
