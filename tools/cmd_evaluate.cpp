// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "common.h"
#include "hqsam/config/open.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/model/checkpoint.h"
#include "hqsam/report/report.h"
#include "hqsam/model/autocast.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

struct EvaluateArguments {
  std::string config, checkpoint, output, masks, protocol;
  std::vector<std::string> set;
  int64_t limit = -1;
  ComputeOptions compute;
};

Config read_config(const EvaluateArguments& arguments) {
  std::vector<std::string> overrides = arguments.set;
  if (!arguments.masks.empty()) overrides.push_back("evaluate.masks=[" + arguments.masks + "]");
  if (!arguments.protocol.empty()) overrides.push_back("evaluate.protocol=" + arguments.protocol);
  if (arguments.limit >= 0) overrides.push_back("evaluate.limit=" + std::to_string(arguments.limit));
  Config config = load_config(arguments.config, overrides);
  if (!arguments.output.empty()) {
    config.output = arguments.output;
  } else if (!config.output.empty()) {
    config.output /= "evaluate";
  } else {
    fail("evaluate", "no folder to write to: set output in {}, or --output", arguments.config);
  }
  if (config.valid_sets.empty()) fail("evaluate", "data.valid is empty in {}: name a set", arguments.config);
  return config;
}

int evaluate_checkpoint(const EvaluateArguments& arguments) {
  const torch::Device device = start_device(arguments.compute);
  const Bf16Scope bf16(device.type(), wants_bf16(arguments.compute, device));
  const Config config = read_config(arguments);
  const bool sam_alone = config.evaluate.masks == std::vector<MaskKind>{MaskKind::kSam};
  const std::vector<NamedDataset> sets = open_datasets(config.valid_sets, config.evaluate.seed);
  SamHq model = load_sam_hq(arguments.checkpoint, {.hq = sam_alone ? HqModules::kAsFound : HqModules::kRequired});
  model->to(device);
  const auto group = make_group();
  const EvaluateResult result = evaluate(model, sets, config.evaluate, *group);

  fs::create_directories(config.output);
  write_file(config.output / "samples.jsonl", samples_jsonl(result));
  const ReportOptions report{.title = "HQ-SAM evaluation", .checkpoint = arguments.checkpoint};
  write_evaluation_report(config.output / "report.html", model, sets, result, config.evaluate, report);
  write_file(config.output / "results.json", results_json(result, config.evaluate, arguments.checkpoint));
  fmt::print("{}", results_table(result));
  fmt::print(stderr, "{}\n", (config.output / "report.html").string());
  return 0;
}

}  // namespace

void add_evaluate(CLI::App& app, Run& run) {
  const auto [command, arguments] = add_command<EvaluateArguments>(
      app, run, "evaluate", "mIoU and boundary mIoU of a checkpoint on the config's data.valid", evaluate_checkpoint);
  command->add_option("--config", arguments->config, "YAML file with data.valid and evaluate")->required();
  command->add_option("--checkpoint", arguments->checkpoint, "HQ-SAM's, or SAM's with --masks sam")->required();
  add_repeated(*command, "--set", arguments->set, "key=value over the config; repeatable");
  command->add_option("--output", arguments->output,
                      "folder of the results; default: evaluate/ in the config's output");
  command->add_option("--masks", arguments->masks, "of sam,hq,sum; default: the config's, or all");
  command->add_option("--protocol", arguments->protocol, "reference (squashed, as in training) or keep_aspect")
      ->check(CLI::IsMember({"reference", "keep_aspect"}));
  command->add_option("--limit", arguments->limit, "pictures per set, evenly spaced; 0 = all")
      ->check(CLI::NonNegativeNumber);
  add_compute(*command, arguments->compute);
  command->footer(
      "Prints a table and leaves results.json, samples.jsonl (a line per mask) and report.html in the folder;\n"
      "results of an earlier evaluation there are replaced.");
}

}  // namespace hqsam
