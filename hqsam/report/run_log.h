// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hqsam {

// A line of metrics.jsonl (train/run.h): its numbers by name, those of "valid" apart.
struct RunLine {
  std::string type;  // "step", "epoch", ...
  int64_t epoch = 0, step = 0;
  std::map<std::string, double> numbers;  // without epoch and step
  std::map<std::string, double> valid;    // "hq.mbiou", ...
  std::string best_masks;                 // "hq" or "sum"; "" where the line does not tell
};

// False where the text is no JSON object with a type, as a line that a kill cut short.
bool parse_run_line(std::string_view text, RunLine& line);

// The lines of a run's metrics.jsonl in their order; those that are none are left out. No file gives no lines.
std::vector<RunLine> read_run_log(const std::filesystem::path& metrics);

}  // namespace hqsam
