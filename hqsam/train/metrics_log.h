// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace hqsam {

// metrics.jsonl: one JSON object per line, appended as written. Lines that find no room on the disk wait in memory.
class MetricsLog {
 public:
  explicit MetricsLog(std::filesystem::path path);  // goes on at the end of the file; throws Error with the path
  ~MetricsLog();
  MetricsLog(const MetricsLog&) = delete;
  MetricsLog& operator=(const MetricsLog&) = delete;

  void write(const nlohmann::ordered_json& line);  // never throws over the disk
  void flush();                                    // throws Error where lines still wait, e.g. when the disk is full

 private:
  bool append_waiting();

  std::filesystem::path path_;
  int descriptor_;
  int64_t size_ = 0;  // bytes of whole lines in the file
  std::string waiting_;
  int reason_ = 0;  // errno of the last failure
};

// Cuts the file back to what a run had written when it had done `step` steps, `epochs` whole epochs and the validation
// within an epoch of step `validated`: lines with a later "step", "epoch" lines of a later "epoch", later "valid"
// lines, and what is no JSON object (a line cut short by a kill) go. Atomic; a missing file stays missing.
void cut_metrics(const std::filesystem::path& path, int64_t step, int64_t epochs, int64_t validated);

}  // namespace hqsam
