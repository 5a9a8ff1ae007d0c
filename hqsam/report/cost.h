// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hqsam/evaluate/evaluate.h"

namespace hqsam {

// What a model costs, as in the paper's Table 1. 0 = not known.
struct CostRow {
  std::string name;
  int64_t parameters = 0;
  int64_t learnable = 0;     // parameters that its training changes
  double images_per_s = 0;   // encoder and decoder, one prompt a picture
  int64_t memory_bytes = 0;  // at most in use; measure_costs leaves it to the caller
};

// "SAM" and, where the model has HQ modules, "HQ-SAM": parameters counted, and speeds measured on `pictures`
// pictures of the sets in turn (0 = not measured), the median of each. Reading, resizing and metrics are left out.
std::vector<CostRow> measure_costs(SamHq& model, const std::vector<NamedDataset>& sets, const EvaluateOptions& options,
                                   int64_t pictures = 3);

// The rows as a table of HTML.
std::string cost_table(std::span<const CostRow> rows);

// results.json with {"cost": [{"name", "parameters", "learnable", "images_per_s", "memory_bytes"}]} added.
std::string with_costs(const std::string& results_json, std::span<const CostRow> rows);

// One checkpoint of the paper's Figure 2.
struct TradeOffPoint {
  std::string name;  // of the checkpoint's file
  std::string kind;  // whose score: "hq", "sum" or "sam"
  double score = 0;  // mBIoU, percent, mean of sets
  CostRow cost;
};

// Of results.json's text, written with costs; `place` stands in messages. Nothing, and a warning, where it has no
// boundary IoU: of a detector's boxes, or where all masks were skipped. Throws Error where it is not results.
std::optional<TradeOffPoint> trade_off_point(const std::string& results_json, const std::string& place);
// The same of an evaluation's folder.
std::optional<TradeOffPoint> read_trade_off_point(const std::filesystem::path& folder);

// Score over speed and over size, a point per checkpoint, and their table. "" for fewer than two.
std::string trade_off_section(std::span<const TradeOffPoint> points);

}  // namespace hqsam
