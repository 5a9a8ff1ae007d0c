// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace hqsam {

// What a model costs, as in the paper's Table 1. 0 = not known.
struct CostRow {
  std::string name;
  int64_t parameters = 0;
  int64_t learnable = 0;     // parameters that its training changes
  double images_per_s = 0;   // encoder and decoder, one prompt a picture
  int64_t memory_bytes = 0;  // at most in use; measure_costs leaves it to the caller
};

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

}  // namespace hqsam
