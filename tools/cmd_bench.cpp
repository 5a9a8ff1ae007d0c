// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "bench_ops.h"
#include "common.h"
#include "hqsam/config/open.h"
#include "hqsam/core/error.h"
#include "hqsam/core/print.h"
#include "hqsam/core/progress.h"
#include "hqsam/model/checkpoint.h"
#include "hqsam/ops/peaks.h"
#include "hqsam/train/memory.h"
#include "outputs.h"

namespace hqsam {
namespace {

struct BenchArguments {
  std::string variant, checkpoint;
  std::vector<std::string> stages;  // empty: all
  BenchOptions bench;
  bool peaks = false, json = false;
  ComputeOptions compute;
};

SamHq bench_model(const BenchArguments& arguments) {
  if (!arguments.checkpoint.empty()) return load_sam_hq(arguments.checkpoint, {.hq = HqModules::kRequired});
  SamHq model(variant_by_name(arguments.variant.empty() ? "micro" : arguments.variant));
  initialize(model, InitScope::kAll, 42);
  for (auto& parameter : model->parameters()) parameter.requires_grad_(false);  // as those of a file
  return model;
}

void print_table(bool on_stderr, const std::vector<StageTime>& stages) {
  if (stages.empty()) return;
  const auto say = [&](std::string_view line) { on_stderr ? tell_line(line) : print_line(line); };
  say(fmt::format("{:<20}{:>12}{:>12}{:>12}", "stage", "median ms", "min ms", "max ms"));
  for (const StageTime& stage : stages) {
    say(fmt::format("{:<20}{:>12.2f}{:>12.2f}{:>12.2f}", stage.name, stage.median_ms, stage.min_ms, stage.max_ms));
  }
}

void print_peaks(bool on_stderr, const std::vector<Peak>& peaks) {
  if (peaks.empty()) return;
  const auto say = [&](std::string_view line) { on_stderr ? tell_line(line) : print_line(line); };
  say(fmt::format("{:<20}{:>12}", "at most, a second", ""));
  for (const Peak& peak : peaks) {
    say(fmt::format("{:<20}{:>12.0f} {}", peak.name, peak.per_second / 1e9,
                    peak.name == "copy" ? "GB, read and written" : "billion operations"));
  }
}

nlohmann::ordered_json as_json(const std::vector<Peak>& peaks) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Peak& peak : peaks) list.push_back({{"name", peak.name}, {"per_second", peak.per_second}});
  return list;
}

double ratio(const OpTime& op) { return op.plain.median_ms / op.chosen.median_ms; }

void print_ops(bool on_stderr, const std::vector<OpTime>& ops) {
  if (ops.empty()) return;
  const auto say = [&](std::string_view line) { on_stderr ? tell_line(line) : print_line(line); };
  say(fmt::format("{:<40}{:>12}{:>12}{:>8}{:>12}", "operation", "median ms", "plain ms", "ratio", "difference"));
  for (const OpTime& op : ops) {
    say(fmt::format("{:<40}{:>12.2f}{:>12.2f}{:>8.2f}{:>12.1e}", op.chosen.name, op.chosen.median_ms,
                    op.plain.median_ms, ratio(op), op.difference));
  }
}

nlohmann::ordered_json as_json(const std::vector<OpTime>& ops) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const OpTime& op : ops) {
    list.push_back({{"name", op.chosen.name},
                    {"median_ms", op.chosen.median_ms},
                    {"plain_median_ms", op.plain.median_ms},
                    {"ratio", ratio(op)},
                    {"difference", op.difference}});
  }
  return list;
}

nlohmann::ordered_json as_json(const std::vector<StageTime>& stages) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const StageTime& stage : stages) {
    list.push_back(
        {{"name", stage.name}, {"median_ms", stage.median_ms}, {"min_ms", stage.min_ms}, {"max_ms", stage.max_ms}});
    if (stage.pictures > 0) {
      list.back()["images_per_s"] = 1000 * static_cast<double>(stage.pictures) / stage.median_ms;
    }
  }
  return list;
}

constexpr std::string_view kOp = "op:";

std::vector<std::string> stage_words() {
  std::vector<std::string> words = {"decode", "row", "encoder", "decoder", "train"};
  for (const std::string& op : op_names()) words.push_back(std::string(kOp) + op);
  return words;
}

void set_stages(const std::vector<std::string>& wanted, BenchOptions& options) {
  const auto has = [&](const char* stage) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), stage) != wanted.end();
  };
  options.decode = has("decode");
  options.row = has("row");
  options.encoder = has("encoder");
  options.decoder = has("decoder");
  options.train_step = has("train");
}

int bench(const BenchArguments& arguments) {
  const torch::Device device = start_device(arguments.compute);
  BenchOptions options = arguments.bench;
  options.bf16 = wants_bf16(arguments.compute, device);
  set_stages(arguments.stages, options);
  if (!options.trace.empty()) {
    require_writable_folder("bench", options.trace);
    std::filesystem::create_directories(options.trace);
  }
  const std::vector<Peak> peaks = arguments.peaks ? measure_peaks() : std::vector<Peak>();
  print_peaks(arguments.json, peaks);
  if (arguments.peaks && arguments.stages.empty()) {
    if (arguments.json) print_raw(nlohmann::ordered_json{{"version", 1}, {"peaks", as_json(peaks)}}.dump(1) + "\n");
    return 0;
  }
  SamHq model = bench_model(arguments);
  model->to(device);
  const std::vector<StageTime> stages = time_stages(model, options);
  std::vector<OpTime> ops;
  for (const std::string& stage : arguments.stages) {
    if (!stage.starts_with(kOp)) continue;
    const std::vector<OpTime> times = time_op(stage.substr(kOp.size()), model->options(), device, options);
    ops.insert(ops.end(), times.begin(), times.end());
  }
  print_table(arguments.json, stages);
  print_ops(arguments.json, ops);
  if (!arguments.json) return 0;
  const nlohmann::ordered_json json = {{"version", 1},
                                       {"architecture", variant_name(model->options())},
                                       {"device", device.str()},
                                       {"threads", at::get_num_threads()},
                                       {"precision", options.bf16 ? "bf16" : "fp32"},
                                       {"repeats", options.repeats},
                                       {"peak_memory_gib", peak_memory_gib()},
                                       {"peak_device_memory_gib", peak_device_memory_gib(device)},
                                       {"peaks", as_json(peaks)},
                                       {"stages", as_json(stages)},
                                       {"ops", as_json(ops)}};
  print_raw(json.dump(1) + "\n");
  return 0;
}

}  // namespace

void add_bench(CLI::App& app, Run& run) {
  const auto [command, arguments] =
      add_command<BenchArguments>(app, run, "bench", "how long each stage takes on this machine", bench);
  auto* variant = command
                      ->add_option("--variant", arguments->variant,
                                   "micro (default), vit_b, vit_l, vit_h or vit_tiny, random weights")
                      ->check(CLI::IsMember(variant_names()));
  command->add_option("--checkpoint", arguments->checkpoint, "an HQ-SAM checkpoint instead")->excludes(variant);
  add_repeated(
      *command, "--stage", arguments->stages,
      fmt::format("{}; repeatable, default all but the operations (op:), which are timed beside their plain form",
                  fmt::join(stage_words(), ", ")))
      ->check(CLI::IsMember(stage_words()));
  command->add_option("--boxes", arguments->bench.boxes, "prompts of the decoder; repeatable")
      ->check(whole_number(1, 4096))
      ->capture_default_str();
  command->add_option("--rows", arguments->bench.rows, "rows of the training step")
      ->check(whole_number(1, 4096))
      ->capture_default_str();
  command->add_option("--micro-batch", arguments->bench.micro_batch, "those that it takes at a time")
      ->check(whole_number(1, 4096))
      ->capture_default_str();
  command->add_option("--repeats", arguments->bench.repeats, "runs of each stage, after one to warm up")
      ->check(whole_number(1, 100000))
      ->capture_default_str();
  command->add_option("--trace", arguments->bench.trace,
                      "a folder for a Chrome trace of one more run of each stage (ui.perfetto.dev shows it)");
  command->add_flag("--peaks", arguments->peaks,
                    "what this CPU can do at most: products by type, copies of memory; alone unless --stage is given");
  command->add_flag("--json", arguments->json, "JSON on the standard output, the table on stderr");
  add_compute(*command, arguments->compute);
}

}  // namespace hqsam
