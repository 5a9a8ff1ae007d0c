// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/compare.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <tuple>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/log.h"

namespace hqsam {
namespace {

using nlohmann::json;

constexpr const char* kCompare = "compare";
constexpr const char* kKinds[] = {"sam", "hq", "sum"};
constexpr const char* kMetrics[] = {"iou", "biou", "biou_strict", "thin_iou", "hce"};
constexpr size_t kNamed = 5;  // masks named in a message

using Key = std::tuple<std::string, std::string, int64_t>;             // set, file, mask
using Values = std::map<std::pair<std::string, std::string>, double>;  // (kind, metric), percent; hce: clicks
using Samples = std::map<Key, Values>;

std::string text_of(const Key& key) {
  return fmt::format("{}: {}, mask {}", std::get<0>(key), std::get<1>(key), std::get<2>(key));
}

void read_line(const std::string& line, Samples& samples, std::vector<std::string>& sets) {
  const json object = json::parse(line);
  const Key key = {object.at("set").get<std::string>(), object.at("file").get<std::string>(),
                   object.at("mask").get<int64_t>()};
  Values values;
  for (const char* kind : kKinds) {
    if (!object.contains(kind)) continue;
    for (const char* metric : kMetrics) {
      if (object.at(kind).contains(metric)) values[{kind, metric}] = object.at(kind).at(metric).get<double>();
    }
  }
  if (!samples.emplace(key, std::move(values)).second) throw Error(text_of(key) + " comes twice");
  if (std::find(sets.begin(), sets.end(), std::get<0>(key)) == sets.end()) sets.push_back(std::get<0>(key));
}

// sets: their names in order of appearance.
Samples read_samples(const std::string& text, const std::string& name, std::vector<std::string>& sets) {
  Samples samples;
  int64_t number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    try {
      if (!line.empty()) read_line(line, samples, sets);
    } catch (const json::exception& error) {
      fail(kCompare, "{}:{}: not a line of samples.jsonl: {}", name, number, error.what());
    } catch (const Error& error) {
      fail(kCompare, "{}:{}: {}", name, number, error.what());
    }
  }
  if (samples.empty()) fail(kCompare, "{} has no masks", name);
  return samples;
}

// Throws Error where `of` has masks that `in` lacks.
void check_covered(const Samples& of, const std::string& of_name, const Samples& in, const std::string& in_name) {
  std::vector<std::string> missing;
  size_t count = 0;
  for (const auto& [key, values] : of) {
    if (!in.contains(key) && ++count <= kNamed) missing.push_back(text_of(key));
  }
  if (count == 0) return;
  fail(kCompare, "results of other data: {} of {} masks of {} are not in {}: {}{}", count, of.size(), of_name, in_name,
       fmt::join(missing, "; "), count > kNamed ? "; ..." : "");
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
  for (const std::string kind : kKinds) {
    for (const std::string metric : kMetrics) {
      const auto at = values.find({kind, metric});
      if (at == values.end()) continue;
      set.metrics.push_back({kind, metric, static_cast<int64_t>(at->second[0].size()), mean(at->second[0]),
                             mean(at->second[1]), bootstrap_mean(at->second[2])});
    }
  }
  return set;
}

void warn_of_settings(const std::filesystem::path& first, const std::filesystem::path& second) {
  const auto read = [](const std::filesystem::path& folder) {
    std::error_code error;
    const auto path = folder / "results.json";
    if (!std::filesystem::exists(path, error)) return json();
    return json::parse(read_file(path), nullptr, /*allow_exceptions=*/false);
  };
  const json a = read(first), b = read(second);
  if (!a.is_object() || !b.is_object()) return;
  for (const char* key :
       {"protocol", "prompt", "prompt_points", "clicks_per_mask", "boundary_dilation", "strict_dilation"}) {
    const json none, &left = a.contains(key) ? a[key] : none, &right = b.contains(key) ? b[key] : none;
    if (left != right) spdlog::warn("the evaluations differ in {}: {} and {}", key, left.dump(), right.dump());
  }
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

std::vector<ComparedSet> compare_folders(const std::filesystem::path& first, const std::filesystem::path& second) {
  const auto samples = [](const std::filesystem::path& folder) {
    std::error_code error;
    const auto path = folder / "samples.jsonl";
    if (!std::filesystem::exists(path, error)) {
      fail(kCompare, "{} has no samples.jsonl: give two folders that 'hqsam evaluate' wrote", folder.string());
    }
    return path;
  };
  const auto a = samples(first), b = samples(second);
  warn_of_settings(first, second);
  return compare_samples(read_file(a), a.string(), read_file(b), b.string());
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

}  // namespace hqsam
