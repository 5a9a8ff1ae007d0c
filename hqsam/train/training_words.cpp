// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/training_words.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "hqsam/metrics/names.h"

namespace hqsam {
namespace {

// What gains are over: "SAM" of "hq-sam.mbiou", the start itself where SAM trains ("sam-start.mbiou").
std::string kind_title(const std::string& kind) {
  if (kind == "sam") return "SAM";
  if (kind == "hq") return "HQ";
  if (kind == "sum") return "SAM + HQ";
  return kind == "start" ? "at the start" : kind;
}

struct GainOf {
  std::string over;  // the kind of mask
  Interval gain;
};
std::optional<GainOf> gain_of(const Validation& validation, const std::string& kind, const std::string& metric) {
  for (const auto& [name, gain] : validation.gains) {
    const MetricName split = split_metric(name);
    if (split.metric != metric || !split.kind.starts_with(kind + "-")) continue;
    return GainOf{split.kind.substr(kind.size() + 1), gain};
  }
  return std::nullopt;
}

// The kind of mask that the run begins with, as far as the validation knows.
std::string start_kind(const Validation& validation, const std::string& kind) {
  const std::optional<GainOf> gain = gain_of(validation, kind, "mbiou");
  return gain ? gain->over : "";
}

}  // namespace

std::string metric_text(const Validation& validation, const std::string& metric, double value, bool in_short) {
  MetricName name = split_metric(metric);
  std::string text = fmt::format("{} {:.2f}", name.title(), value);
  const std::string kind = std::exchange(name.kind, start_kind(validation, name.kind));
  const auto at_start = validation.metrics.find(name.text());
  if (name.kind.empty() || at_start == validation.metrics.end()) return text;
  text += fmt::format(" ({} {:.2f}", kind_title(name.kind), at_start->second);
  const auto gain = name.set.empty() && !in_short ? gain_of(validation, kind, name.metric) : std::nullopt;
  return text + (gain ? ", " + gain_text(gain->gain) : "") + ")";
}

std::string start_text(const Validation& start) {
  std::string text;
  for (const char* metric : {"mbiou", "miou"}) {
    for (const auto& [name, value] : start.metrics) {
      const MetricName split = split_metric(name);
      if (!split.set.empty() || split.metric != metric) continue;
      text += text.empty() ? (split.kind == "sam" ? "SAM: " : "before the first step: ") : ", ";
      text += fmt::format("{} {:.2f}", metric_title(metric), value);
    }
  }
  const std::string count = start.masks == 0 ? "" : masks_text(start.masks, start.pictures);
  return text + (count.empty() || text.empty() ? "" : ", on " + count);
}

std::string start_advice(const Validation& start) {
  constexpr double kLow = 30;
  const auto miou = start.metrics.find("sam.miou");
  if (miou == start.metrics.end() || miou->second >= kLow) return "";
  return "SAM finds hardly any of these masks: is each of them one object, and where it should be? hqsam data check "
         "--output shows what is read; docs/training.md says more";
}

Verdict verdict_of(const Validation& validation) {
  const std::string kind = split_metric(validation.score_by).kind;
  const auto boundary = gain_of(validation, kind, "mbiou"), whole = gain_of(validation, kind, "miou");
  if (!boundary) return {};
  const bool better = boundary->gain.low > 0, worse = boundary->gain.high < 0;
  const bool of_start = boundary->over == "start";
  std::string text =
      fmt::format("{} is {} than {} here: mBIoU {}", of_start ? "the model" : kind_title(kind),
                  better  ? "better"
                  : worse ? "worse"
                          : "not better",
                  of_start ? "before the first step" : kind_title(boundary->over), gain_text(boundary->gain));
  if (whole) text += ", mIoU " + gain_text(whole->gain);
  if (validation.masks > 0) text += ", on " + masks_text(validation.masks, validation.pictures);
  const auto sum = gain_of(validation, "sum", "mbiou");
  if (validation.best_masks == "hq") text += "; predict's default is HQ alone";
  if (sum && validation.best_masks == "sum") {
    text += fmt::format("; the sum of SAM and HQ, predict's default: {}", gain_text(sum->gain));
  }
  return {text, better};
}

int64_t fitting_batch(int64_t rows, int64_t batch, int64_t ranks) {
  const int64_t most = std::min(rows, batch);
  int64_t best = std::max<int64_t>(most / ranks, 1) * ranks;
  for (int64_t size = best; size >= std::max(ranks, most / 2); size -= ranks) {
    if (rows % size < rows % best) best = size;
  }
  return best;
}

RowsAdvice rows_advice(int64_t rows, int64_t batch, int64_t ranks) {
  const int64_t left = rows % batch;
  if (left == 0) return {};
  std::string text = fmt::format(
      "an epoch trains on {} of {} rows, in {} batch{} of {} (train.batch_size): {} left out, others in each epoch",
      rows - left, rows, rows / batch, rows / batch == 1 ? "" : "es", batch,
      left == 1 ? "1 is" : fmt::format("{} are", left));
  const bool warn = 10 * left >= rows;
  const int64_t fitting = fitting_batch(rows, batch, ranks);
  if (warn && fitting != batch && rows % fitting < left) {
    text += rows % fitting == 0 ? fmt::format("; with train.batch_size {} none is", fitting)
                                : fmt::format("; with train.batch_size {} {} are", fitting, rows % fitting);
  }
  return {text, warn};
}

}  // namespace hqsam
