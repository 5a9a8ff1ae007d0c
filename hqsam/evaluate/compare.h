// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "hqsam/metrics/bootstrap.h"

namespace hqsam {

// Two evaluations of the same masks, mask by mask; percent, hce in clicks.
struct ComparedMetric {
  std::string kind, metric;      // sam, hq or sum; iou, biou, biou_strict, thin_iou or hce
  int64_t masks = 0;             // that have the metric in both: not all have thin parts
  double first = 0, second = 0;  // means
  Interval difference;           // second - first, with its 95 % bootstrap interval
};
struct ComparedSet {
  std::string name;  // "" is all sets pooled, the last one
  int64_t masks = 0;
  std::vector<ComparedMetric> metrics;  // of the kinds and metrics that both have
};

// Pairs the lines of two samples.jsonl (texts; names stand in messages) by set, file and mask. Throws Error where a
// line is malformed or comes twice, where one has masks that the other lacks (the first few are named: the results
// are of other data), and where they have no kind of mask in common.
std::vector<ComparedSet> compare_samples(const std::string& first, const std::string& first_name,
                                         const std::string& second, const std::string& second_name);

// "prompt: box and clicks": what protocol and prompts two results.json (texts) do not have in common. Throws Error
// where one is no JSON object.
std::vector<std::string> differing_settings(const std::string& first, const std::string& first_name,
                                            const std::string& second, const std::string& second_name);

// The same as compare_samples of two evaluation folders. Warns where their results.json name another protocol or
// prompt.
std::vector<ComparedSet> compare_folders(const std::filesystem::path& first, const std::filesystem::path& second);

// For the terminal.
std::string comparison_table(const std::vector<ComparedSet>& sets);

// A row of a table of models: evaluation folders of the same data, several where a training was repeated.
struct TableRow {
  std::string name;
  std::vector<std::filesystem::path> folders;
};

// Markdown: for each row mIoU and boundary mIoU over the masks of all sets, and their differences to the first row,
// mask by mask, with 95 % bootstrap intervals; percent. A folder's masks are hq's, or sam's where it has no others. Of
// several folders each mask's scores are averaged first, and the table tells how far apart their means lie. Throws
// Error as compare_samples does, where a folder has neither kind, and for rows without folders.
std::string models_table(const std::vector<TableRow>& rows);

}  // namespace hqsam
