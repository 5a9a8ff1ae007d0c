// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"
#include "hqsam/evaluate/prompt_words.h"
#include "hqsam/evaluate/result.h"
#include "hqsam/metrics/curves.h"

namespace hqsam {
namespace {

using Json = nlohmann::ordered_json;

constexpr MaskKind kKinds[] = {MaskKind::kSam, MaskKind::kHq, MaskKind::kSum};  // in the order of tables

// File names need not be UTF-8, JSON must be.
std::string dump(const Json& json, int indent) { return json.dump(indent, ' ', false, Json::error_handler_t::replace); }

double value_of(const SampleResult::Scores& scores, Metric metric) {
  switch (metric) {
    case Metric::kIou:
      return scores.iou;
    case Metric::kBoundaryIou:
      return scores.boundary_iou;
    case Metric::kStrictBoundaryIou:
      break;
  }
  return scores.strict_boundary_iou;
}

constexpr std::pair<Metric, const char*> kPooled[] = {
    {Metric::kIou, "miou"}, {Metric::kBoundaryIou, "mbiou"}, {Metric::kStrictBoundaryIou, "mbiou_strict"}};

std::vector<double> values(const EvaluateResult& result, MaskKind kind, Metric metric, const std::string& set) {
  std::vector<double> percent;
  for (const SampleResult& sample : result.samples) {
    if (!set.empty() && sample.set != set) continue;
    const auto at = sample.scores.find(kind);
    if (at == sample.scores.end()) fail("evaluate", "the result has no '{}' masks; evaluate them too", to_string(kind));
    percent.push_back(100 * value_of(at->second, metric));
  }
  return percent;
}

bool has_kind(const EvaluateResult& result, MaskKind kind) { return result.mean.count(kind) > 0; }

Json metrics_json(const MetricsByKind& metrics) {
  Json json = Json::object();
  for (const auto& [kind, of_kind] : metrics) {
    Json& own = json[to_string(kind)] = Json::object();
    for (const auto& [metric, name] : kPooled) {  // the known ones first
      if (of_kind.count(name)) own[name] = of_kind.at(name);
    }
    for (const auto& [name, value] : of_kind) own[name] = value;
  }
  return json;
}

Json pooled_json(const EvaluateResult& result) {
  Json pooled = {{"masks", result.samples.size()}};
  if (result.samples.empty()) return pooled;
  for (const MaskKind kind : kKinds) {
    if (!has_kind(result, kind)) continue;
    for (const auto& [metric, name] : kPooled) {
      pooled[to_string(kind)][name] = interval_json(mean_interval(result, kind, metric));
    }
  }
  for (const MaskKind kind : {MaskKind::kHq, MaskKind::kSum}) {
    if (!has_kind(result, kind) || !has_kind(result, MaskKind::kSam)) continue;
    for (const auto& [metric, name] : kPooled) {
      const Interval interval = difference_interval(result, kind, MaskKind::kSam, metric);
      pooled[to_string(kind) + "-sam"][name] = interval_json(interval);
    }
  }
  return pooled;
}

// kind -> {"miou": [after 1, 2, ... clicks], "mbiou": [...]}, all sets' masks as one.
Json clicks_json(const EvaluateResult& result, int64_t clicks) {
  Json json = Json::object();
  for (const MaskKind kind : kKinds) {
    std::vector<std::vector<double>> curves, boundary_curves;
    for (const SampleResult& sample : result.samples) {
      if (!sample.scores.count(kind)) continue;
      curves.push_back(sample.scores.at(kind).click_ious);
      boundary_curves.push_back(sample.scores.at(kind).click_boundary_ious);
    }
    const auto percent = [&](const std::vector<std::vector<double>>& of_masks) {
      std::vector<double> mean = mean_curve(of_masks, clicks);
      for (double& value : mean) value *= 100;
      return mean;
    };
    if (!curves.empty()) json[to_string(kind)] = {{"miou", percent(curves)}, {"mbiou", percent(boundary_curves)}};
  }
  return json;
}

// Characters of UTF-8 text, close enough to columns on a terminal.
size_t columns(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

std::string padded(const std::string& text, size_t width) {
  return text + std::string(width - std::min(width, columns(text)), ' ');
}

std::string metric_cells(const std::vector<MaskKind>& kinds, const MetricsByKind& metrics) {
  std::string cells;
  for (const MaskKind kind : kinds) {
    const auto at = metrics.find(kind);
    for (const char* name : {"miou", "mbiou"}) {
      const bool there = at != metrics.end() && at->second.count(name) > 0;
      cells += (name[1] == 'i' ? "  " : " ") + (there ? fmt::format("{:6.2f}", at->second.at(name)) : "     -");
    }
  }
  return cells;
}

// Rows of `names` for each set and kind that has the first of them; "" where none has.
std::string extra_table(const EvaluateResult& result, size_t width,
                        const std::vector<std::pair<const char*, const char*>>& names) {
  std::string rows;
  const auto add = [&](const std::string& set, const auto& metrics) {
    for (const MaskKind kind : kKinds) {
      const auto at = metrics.find(kind);
      if (at == metrics.end() || !at->second.count(names.front().first)) continue;
      rows += fmt::format("{}  {:>4}", padded(set, width), to_string(kind));
      for (const auto& [name, title] : names) {
        rows += at->second.count(name) ? fmt::format(" {:8.2f}", at->second.at(name)) : "        -";
      }
      rows += "\n";
    }
  };
  for (const SetResult& set : result.sets) add(set.name, set.metrics);
  if (rows.empty()) return "";
  std::string head = padded("set", width) + "  kind";
  for (const auto& [name, title] : names) head += fmt::format(" {:>8}", title);
  return head + "\n" + rows;
}

std::string difference_line(const EvaluateResult& result, MaskKind kind, const std::string& label) {
  const auto text = [&](Metric metric) { return gain_text(difference_interval(result, kind, MaskKind::kSam, metric)); };
  return fmt::format("  {} - SAM  mIoU {}  mBIoU {}\n", label, text(Metric::kIou), text(Metric::kBoundaryIou));
}

// "best here: --masks hq (HQ - SUM  mBIoU +6.52 [+4.10, +8.93])"
std::string best_line(const BestMasks& best) {
  const Interval& gain = best.hq_minus_sum;
  const bool told_apart = gain.low > 0 || gain.high < 0;
  return fmt::format("best here: --masks {} (HQ - SUM  mBIoU {}{})\n", to_string(best.kind), gain_text(gain),
                     told_apart ? "" : ", no telling them apart");
}

}  // namespace

std::optional<BestMasks> best_masks(const EvaluateResult& result) {
  if (result.samples.empty() || !has_kind(result, MaskKind::kHq) || !has_kind(result, MaskKind::kSum)) return {};
  BestMasks best;
  best.hq_minus_sum = difference_interval(result, MaskKind::kHq, MaskKind::kSum, Metric::kBoundaryIou);
  if (best.hq_minus_sum.low > 0) best.kind = MaskKind::kHq;
  return best;
}

std::string to_string(Protocol protocol) { return word_of(protocol, kProtocols); }

std::string prompt_name(const EvaluateOptions& options) {
  return options.origin == PromptOrigin::kTruth ? prompt_name(options.prompt) : word_of(options.origin, kPromptOrigins);
}

std::string prompt_label(const EvaluateOptions& options) {
  const std::string name = prompt_name(options);
  if (name == "points") return fmt::format("points_{}", options.prompt_points);
  std::string label = name;
  if (options.box_noise.share > 0) label += fmt::format("_noise_{}", options.box_noise.share);
  if (options.box_noise.cap > 0) label += fmt::format("_cap_{}", options.box_noise.cap);
  for (const RoughKind kind : options.rough_kinds) label += "_" + word_of(kind, kRoughKinds);
  return label;
}

std::string prompt_name(PromptType type) { return word_of(type, kPromptTypes); }

Interval mean_interval(const EvaluateResult& result, MaskKind kind, Metric metric, const std::string& set) {
  return bootstrap_mean(values(result, kind, metric, set));
}

Interval difference_interval(const EvaluateResult& result, MaskKind kind, MaskKind baseline, Metric metric,
                             const std::string& set) {
  std::vector<double> differences = values(result, kind, metric, set);
  const std::vector<double> of_baseline = values(result, baseline, metric, set);
  std::transform(differences.begin(), differences.end(), of_baseline.begin(), differences.begin(), std::minus<>());
  return bootstrap_mean(differences);
}

std::string results_json(const EvaluateResult& result, const EvaluateOptions& options, const std::string& checkpoint) {
  Json sets = Json::array();
  for (const SetResult& set : result.sets) {
    Json json = {{"name", set.name}, {"images", set.images}, {"skipped", set.skipped}};
    if (set.unread > 0) json["unread"] = set.unread;
    json["metrics"] = metrics_json(set.metrics);
    sets.push_back(std::move(json));
  }
  const std::string prompt = prompt_name(options);
  Json json = {
      {"version", 1}, {"checkpoint", checkpoint}, {"protocol", to_string(options.protocol)}, {"prompt", prompt}};
  json["boundary_dilation"] = options.boundary_dilation;
  json["strict_dilation"] = options.strict_dilation;
  json["max_detections"] = options.ap.max_detections;
  json["max_detections_in_picture"] = options.ap.max_detections_in_picture;
  if (prompt == "points") json["prompt_points"] = options.prompt_points;
  if (prompt == "clicks") json["clicks_per_mask"] = options.clicks;
  if (options.origin == PromptOrigin::kProposals) {
    const AmgOptions& amg = options.proposals;
    json["proposals"] = {{"exact", amg.exact},
                         {"points_per_side", amg.points_per_side},
                         {"min_predicted_iou", amg.min_predicted_iou},
                         {"min_stability", amg.min_stability},
                         {"nms_iou", amg.nms_iou},
                         {"tile", amg.tile}};
  }
  if (options.box_noise.share > 0) json["noise"] = options.box_noise.share;
  if (options.box_noise.cap > 0) json["noise_cap"] = options.box_noise.cap;
  for (const RoughKind kind : options.rough_kinds) json["kinds"].push_back(word_of(kind, kRoughKinds));
  json["sets"] = sets;
  json["mean"] = metrics_json(result.mean);
  json["pooled"] = pooled_json(result);
  if (const auto best = best_masks(result)) {
    json["best_masks"] = {{"masks", to_string(best->kind)}, {"hq-sum", interval_json(best->hq_minus_sum)}};
  }
  if (prompt == "clicks") json["clicks"] = clicks_json(result, options.clicks);
  json["seconds"] = result.seconds;
  json["station_seconds"] = {{"decode", result.stations.decode},
                             {"encoder", result.stations.encoder},
                             {"decoder", result.stations.decoder},
                             {"measure", result.stations.measure}};
  return dump(json, 2) + "\n";
}

std::string samples_jsonl(const EvaluateResult& result) {
  std::string lines;
  for (const SampleResult& sample : result.samples) {
    Json line = {{"set", sample.set}, {"file", sample.image_path}, {"mask", sample.mask_index}};
    for (const auto& [kind, scores] : sample.scores) {
      Json& own = line[to_string(kind)];
      own = {{"iou", 100 * scores.iou},
             {"biou", 100 * scores.boundary_iou},
             {"biou_strict", 100 * scores.strict_boundary_iou}};
      if (scores.thin_iou) own["thin_iou"] = 100 * *scores.thin_iou;
      if (scores.hce) own["hce"] = *scores.hce;
      if (scores.click_ious.empty()) continue;
      const auto percent = [](std::vector<double> values) {
        for (double& value : values) value *= 100;
        return values;
      };
      own["clicks"] = percent(scores.click_ious);
      own["clicks_biou"] = percent(scores.click_boundary_ious);
    }
    if (sample.prompt)
      line["prompt"] = {{"iou", 100 * sample.prompt->iou}, {"biou", 100 * sample.prompt->boundary_iou}};
    lines += dump(line, -1) + "\n";
  }
  return lines;
}

std::string results_table(const EvaluateResult& result) {
  std::vector<MaskKind> kinds;
  for (const MaskKind kind : kKinds) {
    if (has_kind(result, kind) && result.mean.at(kind).contains("miou")) kinds.push_back(kind);
  }
  size_t width = 4;
  for (const SetResult& set : result.sets) width = std::max(width, columns(set.name));

  std::string head = padded("", width) + "        ", units = padded("set", width) + "  images";
  for (const MaskKind kind : kinds) {
    std::string word = to_string(kind);
    std::transform(word.begin(), word.end(), word.begin(), ::toupper);
    head += fmt::format("  {:^13}", word);
    units += fmt::format("  {:>6} {:>6}", "mIoU", "mBIoU");
  }
  while (head.ends_with(' ')) head.pop_back();
  std::string table = head + "\n" + units + "\n";
  int64_t skipped = 0, unread = 0;
  for (const SetResult& set : result.sets) {
    table += fmt::format("{}  {:6}{}\n", padded(set.name, width), set.images, metric_cells(kinds, set.metrics));
    skipped += set.skipped;
    unread += set.unread;
  }
  table += fmt::format("{}  {:6}{}\n", padded("mean", width), "", metric_cells(kinds, result.mean));
  if (unread > 0) table += fmt::format("left out: {} pictures that could not be read\n", unread);
  if (skipped > 0) table += fmt::format("skipped: {} masks without an inside, or masks or boxes unusable\n", skipped);
  table += extra_table(result, width,
                       {{"ap", "AP"},
                        {"ap50", "AP50"},
                        {"ap75", "AP75"},
                        {"ap_b", "AP_B"},
                        {"ap_b50", "AP_B50"},
                        {"ap_b75", "AP_B75"},
                        {"ap_b_strict", "strict"},
                        {"ap_b50_strict", "50 str."},
                        {"ap_b75_strict", "75 str."},
                        {"ar", "AR"}});
  table += extra_table(result, width,
                       {{"ap_f", "AP_f"},
                        {"ap_c", "AP_c"},
                        {"ap_r", "AP_r"},
                        {"ap_b_f_strict", "strict f"},
                        {"ap_b_c_strict", "strict c"},
                        {"ap_b_r_strict", "strict r"}});
  table += extra_table(result, width,
                       {{"ar100", "AR@100"},
                        {"ar10", "AR@10"},
                        {"ar1000", "AR@1000"},
                        {"ar_s", "AR_S"},
                        {"ar_m", "AR_M"},
                        {"ar_l", "AR_L"},
                        {"ar_b100", "AR_B@100"},
                        {"proposals", "found"}});
  table += extra_table(result, width,
                       {{"noc85", "NoC@85"},
                        {"noc90", "NoC@90"},
                        {"noc95", "NoC@95"},
                        {"miou_click01", "mIoU@1"},
                        {"miou_click05", "mIoU@5"},
                        {"miou_click10", "mIoU@10"},
                        {"miou_click20", "mIoU@20"}});
  table += extra_table(result, width, {{"hce", "HCE"}, {"thin_iou", "thin IoU"}, {"mbiou_strict", "strict"}});
  if (result.samples.empty()) return table;
  if (!has_kind(result, MaskKind::kSam) || kinds.size() < 2) return table;

  table += fmt::format("pooled per image, {} masks (95 % bootstrap intervals):\n", result.samples.size());
  if (has_kind(result, MaskKind::kHq)) table += difference_line(result, MaskKind::kHq, "HQ ");
  if (has_kind(result, MaskKind::kSum)) table += difference_line(result, MaskKind::kSum, "SUM");
  if (const auto best = best_masks(result)) table += best_line(*best);
  return table;
}

}  // namespace hqsam
