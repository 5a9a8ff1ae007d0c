// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"
#include "hqsam/evaluate/evaluate.h"

namespace hqsam {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kKinds[] = {"sam", "hq", "sum"};  // in the order of tables

// File names need not be UTF-8, JSON must be.
std::string dump(const Json& json, int indent) { return json.dump(indent, ' ', false, Json::error_handler_t::replace); }

std::vector<double> values(const EvaluateResult& result, const std::string& kind, Metric metric,
                           const std::string& set) {
  std::vector<double> percent;
  for (const SampleResult& sample : result.samples) {
    if (!set.empty() && sample.set != set) continue;
    const auto at = sample.scores.find(kind);
    if (at == sample.scores.end()) fail("evaluate", "the result has no '{}' masks; evaluate them too", kind);
    percent.push_back(100 * (metric == Metric::kIou ? at->second.iou : at->second.boundary_iou));
  }
  return percent;
}

bool has_kind(const EvaluateResult& result, const std::string& kind) { return result.mean.count(kind) > 0; }

Json interval_json(const Interval& interval) {
  return {{"mean", interval.mean}, {"low", interval.low}, {"high", interval.high}};
}

Json metrics_json(const std::map<std::string, std::map<std::string, double>>& metrics) {
  Json json = Json::object();
  for (const char* kind : kKinds) {
    const auto at = metrics.find(kind);
    if (at != metrics.end()) json[kind] = {{"miou", at->second.at("miou")}, {"mbiou", at->second.at("mbiou")}};
  }
  return json;
}

Json pooled_json(const EvaluateResult& result) {
  Json pooled = {{"masks", result.samples.size()}};
  for (const std::string kind : kKinds) {
    if (!has_kind(result, kind)) continue;
    pooled[kind] = {{"miou", interval_json(mean_interval(result, kind, Metric::kIou))},
                    {"mbiou", interval_json(mean_interval(result, kind, Metric::kBoundaryIou))}};
  }
  for (const std::string kind : {"hq", "sum"}) {
    if (!has_kind(result, kind) || !has_kind(result, "sam")) continue;
    pooled[kind + "-sam"] = {{"miou", interval_json(difference_interval(result, kind, "sam", Metric::kIou))},
                             {"mbiou", interval_json(difference_interval(result, kind, "sam", Metric::kBoundaryIou))}};
  }
  return pooled;
}

// Characters of UTF-8 text, close enough to columns on a terminal.
size_t columns(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

std::string padded(const std::string& text, size_t width) {
  return text + std::string(width - std::min(width, columns(text)), ' ');
}

std::string metric_cells(const std::vector<std::string>& kinds,
                         const std::map<std::string, std::map<std::string, double>>& metrics) {
  std::string cells;
  for (const std::string& kind : kinds) {
    const auto at = metrics.find(kind);
    cells += at == metrics.end() ? fmt::format("  {:>6} {:>6}", "-", "-")
                                 : fmt::format("  {:6.2f} {:6.2f}", at->second.at("miou"), at->second.at("mbiou"));
  }
  return cells;
}

std::string difference_line(const EvaluateResult& result, const std::string& kind, const std::string& label) {
  const auto text = [&](Metric metric) {
    const Interval interval = difference_interval(result, kind, "sam", metric);
    return fmt::format("{:+.2f} [{:+.2f}, {:+.2f}]", interval.mean, interval.low, interval.high);
  };
  return fmt::format("  {} - SAM  mIoU {}  mBIoU {}\n", label, text(Metric::kIou), text(Metric::kBoundaryIou));
}

}  // namespace

std::string to_string(MaskKind kind) {
  switch (kind) {
    case MaskKind::kSam:
      return "sam";
    case MaskKind::kHq:
      return "hq";
    case MaskKind::kSum:
      break;
  }
  return "sum";
}

std::string to_string(Protocol protocol) { return protocol == Protocol::kReference ? "reference" : "keep_aspect"; }

std::string prompt_name(PromptType type) {
  switch (type) {
    case PromptType::kBox:
      return "box";
    case PromptType::kPoints:
      return "points";
    case PromptType::kNoisyMask:
      break;
  }
  return "noisy_mask";
}

Interval mean_interval(const EvaluateResult& result, const std::string& kind, Metric metric, const std::string& set) {
  return bootstrap_mean(values(result, kind, metric, set));
}

Interval difference_interval(const EvaluateResult& result, const std::string& kind, const std::string& baseline,
                             Metric metric, const std::string& set) {
  std::vector<double> differences = values(result, kind, metric, set);
  const std::vector<double> of_baseline = values(result, baseline, metric, set);
  std::transform(differences.begin(), differences.end(), of_baseline.begin(), differences.begin(), std::minus<>());
  return bootstrap_mean(differences);
}

std::string results_json(const EvaluateResult& result, const EvaluateOptions& options, const std::string& checkpoint) {
  Json sets = Json::array();
  for (const SetResult& set : result.sets) {
    sets.push_back(
        {{"name", set.name}, {"images", set.images}, {"skipped", set.skipped}, {"metrics", metrics_json(set.metrics)}});
  }
  const Json json = {{"version", 1},
                     {"checkpoint", checkpoint},
                     {"protocol", to_string(options.protocol)},
                     {"prompt", prompt_name(options.prompt)},
                     {"sets", sets},
                     {"mean", metrics_json(result.mean)},
                     {"pooled", pooled_json(result)},
                     {"seconds", result.seconds}};
  return dump(json, 2) + "\n";
}

std::string samples_jsonl(const EvaluateResult& result) {
  std::string lines;
  for (const SampleResult& sample : result.samples) {
    Json line = {{"set", sample.set}, {"file", sample.image_path}, {"mask", sample.mask_index}};
    for (const char* kind : kKinds) {
      const auto at = sample.scores.find(kind);
      if (at == sample.scores.end()) continue;
      line[kind] = {{"iou", 100 * at->second.iou}, {"biou", 100 * at->second.boundary_iou}};
    }
    lines += dump(line, -1) + "\n";
  }
  return lines;
}

std::string results_table(const EvaluateResult& result) {
  std::vector<std::string> kinds;
  for (const char* kind : kKinds) {
    if (has_kind(result, kind)) kinds.emplace_back(kind);
  }
  size_t width = 4;
  for (const SetResult& set : result.sets) width = std::max(width, columns(set.name));

  std::string head = padded("", width) + "        ", units = padded("set", width) + "  images";
  for (std::string kind : kinds) {
    std::transform(kind.begin(), kind.end(), kind.begin(), ::toupper);
    head += fmt::format("  {:^13}", kind);
    units += fmt::format("  {:>6} {:>6}", "mIoU", "mBIoU");
  }
  while (head.ends_with(' ')) head.pop_back();
  std::string table = head + "\n" + units + "\n";
  int64_t skipped = 0;
  for (const SetResult& set : result.sets) {
    table += fmt::format("{}  {:6}{}\n", padded(set.name, width), set.images, metric_cells(kinds, set.metrics));
    skipped += set.skipped;
  }
  table += fmt::format("{}  {:6}{}\n", padded("mean", width), "", metric_cells(kinds, result.mean));
  if (skipped > 0) table += fmt::format("skipped: {} masks without an inside\n", skipped);
  if (!has_kind(result, "sam") || kinds.size() < 2) return table;

  table += fmt::format("pooled per image, {} masks (95 % bootstrap intervals):\n", result.samples.size());
  if (has_kind(result, "hq")) table += difference_line(result, "hq", "HQ ");
  if (has_kind(result, "sum")) table += difference_line(result, "sum", "SUM");
  return table;
}

}  // namespace hqsam
