// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/compare.h"

#include <algorithm>
#include <array>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/evaluate/mask_scores.h"

namespace hqsam {
namespace {

using nlohmann::json;

namespace fs = std::filesystem;

constexpr const char* kCompare = "compare";
constexpr const char* kMetrics[] = {"iou", "biou", "biou_strict", "thin_iou", "hce"};

using Values = std::map<std::pair<std::string, std::string>, double>;  // (kind, metric), percent; hce: clicks
using Samples = std::map<ScoredMask, Values>;

void read_line(const json& object, Samples& samples, std::vector<std::string>& sets) {
  const ScoredMask key = scored_mask(object);
  Values values;
  for (const char* kind : kScoredKinds) {
    if (!object.contains(kind)) continue;
    for (const char* metric : kMetrics) {
      if (object.at(kind).contains(metric)) values[{kind, metric}] = object.at(kind).at(metric).get<double>();
    }
  }
  if (!samples.emplace(key, std::move(values)).second) throw Error(to_string(key) + " comes twice");
  if (std::find(sets.begin(), sets.end(), std::get<0>(key)) == sets.end()) sets.push_back(std::get<0>(key));
}

// sets: their names in order of appearance.
Samples read_samples(const std::string& text, const std::string& name, std::vector<std::string>& sets) {
  Samples samples;
  read_sample_lines(text, name, [&](const json& line) { read_line(line, samples, sets); });
  if (samples.empty()) fail(kCompare, "{} has no masks", name);
  return samples;
}

// Throws Error where `of` has masks that `in` lacks.
void check_covered(const Samples& of, const std::string& of_name, const Samples& in, const std::string& in_name) {
  std::vector<std::string> missing;
  for (const auto& [key, values] : of) {
    if (!in.contains(key)) missing.push_back(to_string(key));
  }
  if (missing.empty()) return;
  fail(kCompare, "results of other data: {} of {} masks of {} are not in {}: {}", missing.size(), of.size(), of_name,
       in_name, first_few(missing));
}

ComparedSet compare_set(const std::string& name, const Samples& first, const Samples& second) {
  ComparedSet set{name, 0, {}};
  std::map<std::pair<std::string, std::string>, std::array<std::vector<double>, 3>> values;  // first, second, between
  for (const auto& [key, of_first] : first) {
    if (!name.empty() && std::get<0>(key) != name) continue;
    ++set.masks;
    const Values& of_second = second.at(key);
    for (const auto& [what, value] : of_first) {
      const auto other = of_second.find(what);
      if (other == of_second.end()) continue;
      auto& lists = values[what];
      lists[0].push_back(value), lists[1].push_back(other->second), lists[2].push_back(other->second - value);
    }
  }
  const auto mean = [](const std::vector<double>& list) {
    double sum = 0;
    for (const double value : list) sum += value;
    return sum / static_cast<double>(list.size());
  };
  for (const std::string kind : kScoredKinds) {
    for (const std::string metric : kMetrics) {
      const auto at = values.find({kind, metric});
      if (at == values.end()) continue;
      set.metrics.push_back({kind, metric, static_cast<int64_t>(at->second[0].size()), mean(at->second[0]),
                             mean(at->second[1]), bootstrap_mean(at->second[2])});
    }
  }
  return set;
}

void warn_of_settings(const fs::path& first, const fs::path& second) {
  const fs::path a = first / "results.json", b = second / "results.json";
  std::error_code error;
  if (!fs::exists(a, error) || !fs::exists(b, error)) return;
  const auto apart = differing_settings(read_file(a), a.string(), read_file(b), b.string());
  for (const std::string& setting : apart) spdlog::warn("the evaluations differ in {}", setting);
}

fs::path samples_of(const fs::path& folder) {
  std::error_code error;
  const fs::path path = folder / "samples.jsonl";
  if (!fs::exists(path, error)) {
    fail(kCompare, "{} has no samples.jsonl: give folders that 'hqsam evaluate' wrote", folder.string());
  }
  return path;
}

// IoU and boundary IoU of each mask: of hq, or of sam if there is no hq.
ScorePairs read_pairs(const fs::path& folder) {
  const std::string path = samples_of(folder).string();
  std::vector<std::string> ignored;
  const Samples samples = read_samples(read_file(path, kAnySize), path, ignored);
  const std::string kind = samples.begin()->second.contains({"hq", "iou"}) ? "hq" : "sam";
  ScorePairs pairs;
  for (const auto& [key, values] : samples) {
    const auto iou = values.find({kind, "iou"}), boundary_iou = values.find({kind, "biou"});
    if (iou == values.end() || boundary_iou == values.end()) {
      fail(kCompare, "{}: {} has no {} mask", path, to_string(key), kind);
    }
    pairs[key] = {iou->second, boundary_iou->second};
  }
  return pairs;
}

// Each mask's scores, averaged over a row's folders, and what the table says of these.
std::pair<ScorePairs, std::string> mean_of_runs(const TableRow& row) {
  if (row.folders.empty()) fail(kCompare, "row '{}' has no folder", row.name);
  const double share = 1 / static_cast<double>(row.folders.size());
  ScorePairs mean = read_pairs(row.folders.front());
  std::vector<double> of_runs = {interval_of(mean, 1).mean};
  for (auto& [key, scores] : mean) scores = {share * scores[0], share * scores[1]};
  for (size_t i = 1; i < row.folders.size(); ++i) {
    const ScorePairs other = read_pairs(row.folders[i]);
    of_runs.push_back(interval_of(other, 1).mean);
    add_pairs(mean, other, share, row.folders.front().string(), row.folders[i].string());
  }
  const auto [low, high] = std::minmax_element(of_runs.begin(), of_runs.end());
  return {std::move(mean),
          of_runs.size() == 1 ? "1" : fmt::format("{}, mBIoU {:.1f} to {:.1f}", of_runs.size(), *low, *high)};
}

}  // namespace

std::vector<ComparedSet> compare_samples(const std::string& first, const std::string& first_name,
                                         const std::string& second, const std::string& second_name) {
  std::vector<std::string> names, ignored;
  const Samples a = read_samples(first, first_name, names), b = read_samples(second, second_name, ignored);
  check_covered(a, first_name, b, second_name);
  check_covered(b, second_name, a, first_name);
  std::vector<ComparedSet> sets;
  for (const std::string& name : names) sets.push_back(compare_set(name, a, b));
  sets.push_back(compare_set("", a, b));
  if (sets.back().metrics.empty()) {
    fail(kCompare, "{} and {} have no kind of mask (sam, hq, sum) in common", first_name, second_name);
  }
  return sets;
}

std::vector<std::string> differing_settings(const std::string& first, const std::string& first_name,
                                            const std::string& second, const std::string& second_name) {
  const json a = parse_json_object(kCompare, first_name, first), b = parse_json_object(kCompare, second_name, second);
  std::vector<std::string> apart;
  for (const char* key : {"protocol", "prompt", "prompt_points", "clicks_per_mask", "noise", "noise_cap", "kinds",
                          "boundary_dilation", "strict_dilation"}) {
    const json left = a.value(key, json()), right = b.value(key, json());
    if (left != right) apart.push_back(fmt::format("{}: {} and {}", key, json_shown(left), json_shown(right)));
  }
  return apart;
}

std::vector<ComparedSet> compare_folders(const fs::path& first, const fs::path& second) {
  const auto a = samples_of(first), b = samples_of(second);
  warn_of_settings(first, second);
  return compare_samples(read_file(a, kAnySize), a.string(), read_file(b, kAnySize), b.string());
}

std::string comparison_table(const std::vector<ComparedSet>& sets) {
  size_t width = 6;
  for (const ComparedSet& set : sets) width = std::max(width, set.name.size());
  std::string table = fmt::format("{:<{}} {:>6}  {:<4} {:<11} {:>7} {:>7} {:>8}  {}\n", "set", width, "masks", "kind",
                                  "metric", "A", "B", "B - A", "95 % interval");
  for (const ComparedSet& set : sets) {
    for (const ComparedMetric& metric : set.metrics) {
      table += fmt::format("{:<{}} {:>6}  {:<4} {:<11} {:7.2f} {:7.2f} {:+8.2f}  [{:+.2f}, {:+.2f}]\n",
                           set.name.empty() ? "pooled" : set.name, width, metric.masks, metric.kind,
                           "m" + metric.metric, metric.first, metric.second, metric.difference.mean,
                           metric.difference.low, metric.difference.high);
    }
  }
  return table;
}

std::string models_table(const std::vector<TableRow>& rows) {
  std::string table = "| | runs | mIoU | mBIoU | mIoU, difference | mBIoU, difference |\n";
  table += "| --- | --- | ---: | ---: | ---: | ---: |\n";
  ScorePairs first;
  for (const TableRow& row : rows) {
    auto [mean, runs] = mean_of_runs(row);
    table += fmt::format("| {} | {} |", row.name, runs);
    for (const size_t metric : {0, 1}) {
      const Interval own = interval_of(mean, metric);
      table += fmt::format(" {:.1f} [{:.1f}, {:.1f}] |", own.mean, own.low, own.high);
    }
    if (first.empty()) {
      first = std::move(mean);
      table += " | |\n";
      continue;
    }
    for (const auto& folder : row.folders) warn_of_settings(rows.front().folders.front(), folder);
    add_pairs(mean, first, -1, row.folders.front().string(), rows.front().folders.front().string());
    for (const size_t metric : {0, 1}) {
      const Interval apart = interval_of(mean, metric);
      table += fmt::format(" {:+.1f} [{:+.1f}, {:+.1f}] |", apart.mean, apart.low, apart.high);
    }
    table += "\n";
  }
  return table;
}

}  // namespace hqsam
