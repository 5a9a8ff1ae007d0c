// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/prompts_table.h"

#include <algorithm>
#include <array>
#include <map>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/evaluate/mask_scores.h"

namespace hqsam {
namespace {

using nlohmann::json;

namespace fs = std::filesystem;

constexpr const char* kWhere = "compare";
constexpr const char* kGiven = "prompt";  // the kind of the masks that were the prompts
constexpr const char* kMetricTitles[] = {"mIoU", "mBIoU"};

using Columns = std::map<std::string, ScorePairs>;  // by title
using Kinds = std::map<std::string, Columns>;

// Titles in their order: "clicks 10" behind "clicks 9".
std::vector<std::string> titles_of(const Columns& columns) {
  std::vector<std::string> titles;
  for (const auto& [title, scores] : columns) titles.push_back(title);
  std::stable_sort(titles.begin(), titles.end(), [](const std::string& a, const std::string& b) {
    const bool clicks = a.starts_with("clicks ") && b.starts_with("clicks ");
    return clicks ? std::pair(a.size(), a) < std::pair(b.size(), b) : a < b;
  });
  return titles;
}

void add_line(const json& line, const std::string& prompt, Kinds& kinds) {
  const ScoredMask mask = scored_mask(line);
  const auto put = [&](const char* kind, const std::string& title, double iou, double boundary_iou) {
    if (!kinds[kind][title].emplace(mask, std::array{iou, boundary_iou}).second) {
      throw Error(to_string(mask) + " comes twice");
    }
  };
  for (const char* kind : {kScoredKinds[0], kScoredKinds[1], kScoredKinds[2], kGiven}) {
    if (!line.contains(kind)) continue;
    const json& own = line.at(kind);
    if (!own.contains("clicks_biou")) {
      put(kind, prompt, own.at("iou"), own.at("biou"));
      continue;
    }
    const auto ious = own.at("clicks").get<std::vector<double>>();
    const auto boundary_ious = own.at("clicks_biou").get<std::vector<double>>();
    if (ious.size() != boundary_ious.size()) throw Error("clicks and clicks_biou are not of one length");
    for (size_t i = 0; i < ious.size(); ++i) {
      put(kind, fmt::format("{} {}", prompt, i + 1), ious[i], boundary_ious[i]);
    }
  }
}

Kinds read_folder(const fs::path& folder) {
  Kinds kinds;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const fs::path path = entry.path() / "samples.jsonl";
    if (!fs::exists(path, error)) continue;
    const std::string prompt = entry.path().filename().string();
    read_sample_lines(read_file(path, kAnySize), path.string(),
                      [&](const json& line) { add_line(line, prompt, kinds); });
  }
  if (kinds.empty() || (kinds.size() == 1 && kinds.contains(kGiven))) {
    fail(kWhere, "{} holds no folder of results per prompt: give folders of 'hqsam evaluate' with evaluate.prompts",
         folder.string());
  }
  return kinds;
}

const ScorePairs& column_of(const Columns& columns, const std::string& title, const std::string& line) {
  const auto at = columns.find(title);
  if (at == columns.end()) fail(kWhere, "{} has no results of the prompt '{}'", line, title);
  return at->second;
}

// The mean over a row's folders.
Kinds mean_of_runs(const TableRow& row) {
  if (row.folders.empty()) fail(kWhere, "row '{}' has no folder", row.name);
  const auto runs = static_cast<double>(row.folders.size());
  Kinds mean = read_folder(row.folders.front());
  for (auto& [kind, columns] : mean) {
    for (auto& [title, scores] : columns) {
      for (auto& [key, pair] : scores) pair = {pair[0] / runs, pair[1] / runs};
    }
  }
  for (size_t i = 1; i < row.folders.size(); ++i) {
    Kinds other = read_folder(row.folders[i]);
    for (auto& [kind, columns] : mean) {
      for (auto& [title, scores] : columns) {
        const std::string folder = row.folders[i].string();
        add_pairs(scores, column_of(other[kind], title, folder), 1 / runs, row.folders.front().string(), folder);
      }
    }
  }
  return mean;
}

// own - other, mask by mask, of one prompt.
ScorePairs apart(const ScorePairs& own, const std::string& own_name, const ScorePairs& other,
                 const std::string& other_name) {
  ScorePairs apart = own;
  add_pairs(apart, other, -1, own_name, other_name);
  return apart;
}

std::string gain_cell(const Interval& gain) {
  return fmt::format("{:+.1f} [{:+.1f}, {:+.1f}]", gain.mean, gain.low, gain.high);
}

struct Line {
  std::string name;
  Columns columns, given;
};

std::string head_of(const std::string& corner, const std::vector<std::string>& titles) {
  std::string head = "| " + corner + " |", rule = "| --- |";
  for (const std::string& title : titles) head += " " + title + " |", rule += " ---: |";
  return head + "\n" + rule + "\n";
}

std::string metric_table(const std::vector<Line>& lines, const std::vector<std::string>& titles, size_t metric) {
  std::string table = head_of(kMetricTitles[metric], titles);
  for (const Line& line : lines) {
    table += "| " + line.name + " |";
    for (const std::string& title : titles) {
      const ScorePairs& own = column_of(line.columns, title, line.name);
      table += fmt::format(" {:.1f}", interval_of(own, metric).mean);
      if (&line != &lines.front()) {
        const Line& first = lines.front();
        const ScorePairs gains = apart(own, line.name + " " + title, first.columns.at(title), first.name);
        table += ", " + gain_cell(interval_of(gains, metric));
      }
      table += " |";
    }
    table += "\n";
  }
  return table;
}

// How much better than the masks that were the prompts.
std::string given_table(const std::vector<Line>& lines) {
  const std::vector<std::string> titles = titles_of(lines.front().given);
  if (titles.empty()) return "";
  std::string table = "\n" + head_of("over the mask given", titles), given = "| the mask given |";
  for (const std::string& title : titles) {
    const ScorePairs& own = lines.front().given.at(title);
    given += fmt::format(" {:.1f}, {:.1f} |", interval_of(own, 0).mean, interval_of(own, 1).mean);
  }
  table += given + "\n";
  for (const Line& line : lines) {
    table += "| " + line.name + " |";
    for (const std::string& title : titles) {
      const ScorePairs gains = apart(column_of(line.columns, title, line.name), line.name + " " + title,
                                     column_of(line.given, title, line.name), "the masks given");
      table += " mIoU " + gain_cell(interval_of(gains, 0)) + ", mBIoU " + gain_cell(interval_of(gains, 1)) + " |";
    }
    table += "\n";
  }
  return table;
}

}  // namespace

std::string prompts_table(const std::vector<TableRow>& rows) {
  std::vector<Line> lines;
  for (const TableRow& row : rows) {
    Kinds mean = mean_of_runs(row);
    for (const char* kind : kScoredKinds) {
      if (mean.contains(kind)) lines.push_back({row.name + " " + kind, mean.at(kind), mean[kGiven]});
    }
  }
  if (lines.empty()) fail(kWhere, "no rows: name at least one folder");
  const std::vector<std::string> titles = titles_of(lines.front().columns);
  return metric_table(lines, titles, 0) + "\n" + metric_table(lines, titles, 1) + given_table(lines);
}

}  // namespace hqsam
