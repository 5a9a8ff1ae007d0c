// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/cost.h"

#include <nlohmann/json.hpp>

#include "hqsam/core/clock.h"
#include "hqsam/core/error.h"
#include "hqsam/evaluate/prepare.h"
#include "hqsam/report/html.h"

namespace hqsam {
namespace {

using Json = nlohmann::ordered_json;

// Seconds of the model's work on one prompt; the copy to the CPU waits for a GPU.
double seconds_of(SamHq& model, const PreparedSample& sample, MaskKind kind) {
  const auto start = std::chrono::steady_clock::now();
  PictureSession session(model, sample.picture);
  const DecodeOptions decode{.kinds = {kind}, .scores = false};
  session.decode(sample.prompts, decode, [](const Decoded& decoded) { decoded.low_res.cpu(); });
  return seconds_since(start);
}

// The first mask with an inside of up to `count` pictures, sets in turn.
std::vector<PreparedSample> some_samples(const std::vector<NamedDataset>& sets, const EvaluateOptions& options,
                                         ModelSizes sizes, int64_t count) {
  std::vector<PreparedSample> samples;
  bool any = true;
  for (int64_t i = 0; any && static_cast<int64_t>(samples.size()) < count; ++i) {
    any = false;
    for (const NamedDataset& set : sets) {
      if (i >= set.dataset->size() || static_cast<int64_t>(samples.size()) == count) continue;
      any = true;
      PreparedSample sample = prepare_sample(set.dataset->get(i), i, options, sizes);
      if (sample.prompts.empty()) continue;
      sample.prompts.resize(1);
      sample.truths.clear();
      sample.all_masks.clear();
      samples.push_back(std::move(sample));
    }
  }
  return samples;
}

std::string millions(int64_t count) {
  if (count <= 0) return "&ndash;";
  const double value = static_cast<double>(count) / 1e6;
  return value < 100 ? fmt::format("{:.2f}", value) : fmt::format("{:.0f}", value);
}

std::string speed_text(double images_per_s) {
  return images_per_s > 0 ? fmt::format("{:.3g}", images_per_s) : "&ndash;";
}

}  // namespace

std::vector<CostRow> measure_costs(SamHq& model, const std::vector<NamedDataset>& sets, const EvaluateOptions& options,
                                   int64_t pictures) {
  CostRow sam{.name = "SAM"}, hq{.name = "HQ-SAM"};
  for (const auto& parameter : model->named_parameters()) {
    (is_hq_key(parameter.key()) ? hq.learnable : sam.learnable) += parameter.value().numel();
  }
  sam.parameters = sam.learnable;
  hq.parameters = sam.parameters + hq.learnable;
  std::vector<double> sam_seconds, hq_seconds;
  const auto samples = some_samples(sets, options, sizes_of(model), pictures);
  for (size_t i = 0; i <= samples.size() && !samples.empty(); ++i) {  // one round more, to warm up
    const PreparedSample& sample = samples[i == 0 ? 0 : i - 1];
    const double of_sam = seconds_of(model, sample, MaskKind::kSam);
    const double of_hq = model->has_hq() ? seconds_of(model, sample, MaskKind::kSum) : 0;
    if (i == 0) continue;
    sam_seconds.push_back(of_sam);
    hq_seconds.push_back(of_hq);
  }
  if (!samples.empty()) sam.images_per_s = 1 / median(sam_seconds);
  if (!model->has_hq()) return {sam};
  if (!samples.empty()) hq.images_per_s = 1 / median(hq_seconds);
  return {sam, hq};
}

std::string cost_table(std::span<const CostRow> rows) {
  HtmlTable table;
  table.name = "Cost";
  table.header = {"model", "parameters, M", "learnable, M", "share", "images/s", "memory, GB"};
  for (const CostRow& row : rows) {
    const double share =
        row.parameters > 0 ? 100 * static_cast<double>(row.learnable) / static_cast<double>(row.parameters) : 0;
    const double memory = static_cast<double>(row.memory_bytes) / 1e9;
    table.rows.push_back({escape_html(row.name), millions(row.parameters), millions(row.learnable),
                          row.parameters > 0 ? fmt::format("{:.2f} %", share) : "&ndash;", speed_text(row.images_per_s),
                          memory > 0 ? fmt::format("{:.2f}", memory) : "&ndash;"});
  }
  return html_table(table);
}

std::string with_costs(const std::string& results_json, std::span<const CostRow> rows) {
  Json json = Json::parse(results_json);
  Json costs = Json::array();
  for (const CostRow& row : rows) {
    costs.push_back({{"name", row.name},
                     {"parameters", row.parameters},
                     {"learnable", row.learnable},
                     {"images_per_s", row.images_per_s},
                     {"memory_bytes", row.memory_bytes}});
  }
  json["cost"] = costs;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace hqsam
