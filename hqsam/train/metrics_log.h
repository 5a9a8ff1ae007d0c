// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json_fwd.hpp>

namespace hqsam {

// metrics.jsonl: one JSON object per line, appended and flushed as written.
class MetricsLog {
 public:
  explicit MetricsLog(std::filesystem::path path);  // goes on at the end of the file; throws Error with the path
  void write(const nlohmann::ordered_json& line);   // throws Error, e.g. when the disk is full

 private:
  std::filesystem::path path_;
  std::ofstream stream_;
};

// Cuts the file back to what a run had written when it had done `step` steps and `epochs` whole epochs: lines
// with a later "step", "epoch" lines of a later "epoch", and what is no JSON object (a line cut short by a kill)
// go. Atomic; a missing file stays missing.
void cut_metrics(const std::filesystem::path& path, int64_t step, int64_t epochs);

}  // namespace hqsam
