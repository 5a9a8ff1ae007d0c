// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hqsam/evaluate/evaluate.h"
#include "hqsam/report/trade_off_point.h"

namespace hqsam {

// "SAM" and, where the model has HQ modules, "HQ-SAM": parameters counted, and speeds measured on `pictures`
// pictures of the sets in turn (0 = not measured), the median of each. Reading, resizing and metrics are left out.
std::vector<CostRow> measure_costs(SamHq& model, const std::vector<NamedDataset>& sets, const EvaluateOptions& options,
                                   int64_t pictures = 3);

// The rows as a table of HTML.
std::string cost_table(std::span<const CostRow> rows);

// results.json with {"cost": [{"name", "parameters", "learnable", "images_per_s", "memory_bytes"}]} added.
std::string with_costs(const std::string& results_json, std::span<const CostRow> rows);

// Score over speed and over size, a point per checkpoint, and their table. "" for fewer than two.
std::string trade_off_section(std::span<const TradeOffPoint> points);

}  // namespace hqsam
