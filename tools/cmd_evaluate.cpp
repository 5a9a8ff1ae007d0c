// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "common.h"
#include "hqsam/config/open.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/model/autocast.h"
#include "hqsam/model/checkpoint.h"
#include "hqsam/report/report.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

struct EvaluateArguments {
  std::string config, checkpoint, base, output, masks, protocol;
  std::vector<std::string> set, beside;
  int64_t limit = -1, image_size = 0;
  ComputeOptions compute;
};

Config read_config(const EvaluateArguments& arguments) {
  std::vector<std::string> overrides = arguments.set;
  if (!arguments.masks.empty()) overrides.push_back("evaluate.masks=[" + arguments.masks + "]");
  if (!arguments.protocol.empty()) overrides.push_back("evaluate.protocol=" + arguments.protocol);
  if (arguments.limit >= 0) overrides.push_back("evaluate.limit=" + std::to_string(arguments.limit));
  if (arguments.image_size > 0) overrides.push_back("data.image_size=" + std::to_string(arguments.image_size));
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

// What an evaluation leaves in its folder, and its table.
void write_results(const fs::path& folder, SamHq& model, const std::vector<NamedDataset>& sets,
                   const EvaluateResult& result, const EvaluateOptions& options, ReportOptions report) {
  fs::create_directories(folder);
  write_file(folder / "samples.jsonl", samples_jsonl(result));
  const std::string json = with_costs(results_json(result, options, report.checkpoint), report.costs);
  if (!report.beside.empty()) report.beside.push_back(trade_off_point(json, "this evaluation"));
  write_evaluation_report(folder / "report.html", model, sets, result, options, report);
  write_file(folder / "results.json", json);
  fmt::print("{}", results_table(result));
  fmt::print(stderr, "{}\n", (folder / "report.html").string());
}

int evaluate_checkpoint(const EvaluateArguments& arguments) {
  const torch::Device device = start_device(arguments.compute);
  const Bf16Scope bf16(device.type(), wants_bf16(arguments.compute, device));
  const Config config = read_config(arguments);
  ReportOptions report{.title = "HQ-SAM evaluation", .checkpoint = arguments.checkpoint};
  for (const std::string& folder : arguments.beside) report.beside.push_back(read_trade_off_point(folder));
  const bool sam_alone = config.evaluate.masks == std::vector<MaskKind>{MaskKind::kSam};
  const std::vector<NamedDataset> sets = open_datasets(config.valid_sets, config.evaluate.seed);
  LoadOptions load{.hq = sam_alone ? HqModules::kAsFound : HqModules::kRequired, .base = arguments.base};
  if (config.image_size > 0) load.image_size = config.image_size;
  SamHq model = load_sam_hq(arguments.checkpoint, load);
  model->to(device);
  const auto group = make_group({.device = device});
  const std::vector<EvaluateResult> results =
      abort_on_error(*group, [&] { return evaluate_prompts(model, sets, config.evaluations, *group); });
  if (!group->is_main()) return 0;
  report.costs = measure_costs(model, sets, config.evaluations.front());
  const bool several = results.size() > 1;
  for (size_t i = 0; i < results.size(); ++i) {
    const EvaluateOptions& options = config.evaluations[i];
    const std::string label = prompt_label(options);
    if (several) fmt::print("{}prompt {}\n", i > 0 ? "\n" : "", label);
    write_results(several ? config.output / label : config.output, model, sets, results[i], options, report);
  }
  return 0;
}

}  // namespace

void add_evaluate(CLI::App& app, Run& run) {
  const auto [command, arguments] = add_command<EvaluateArguments>(
      app, run, "evaluate", "mIoU and boundary mIoU of a checkpoint on the config's data.valid", evaluate_checkpoint);
  command->add_option("--config", arguments->config, "YAML file with data.valid and evaluate")->required();
  command->add_option("--checkpoint", arguments->checkpoint, "HQ-SAM's, or SAM's with --masks sam")->required();
  command->add_option("--base", arguments->base,
                      "the SAM that trained keys belong to, where the checkpoint holds no more");
  add_repeated(*command, "--set", arguments->set, "key=value over the config; repeatable");
  command->add_option("--output", arguments->output,
                      "folder of the results; default: evaluate/ in the config's output");
  command->add_option("--masks", arguments->masks, "of sam,hq,sum; default: the config's, or all");
  command->add_option("--protocol", arguments->protocol, "reference (squashed, as in training) or keep_aspect")
      ->check(CLI::IsMember({"reference", "keep_aspect"}));
  command->add_option("--limit", arguments->limit, "pictures per set, evenly spaced; 0 = all")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--image-size", arguments->image_size, "pixels of the model's input; default: the config's")
      ->check(CLI::PositiveNumber);
  add_repeated(*command, "--beside", arguments->beside,
               "folder of another checkpoint's evaluation, for the report's plots over speed and size; repeatable");
  add_compute(*command, arguments->compute);
  command->footer(
      "Prints a table and leaves results.json, samples.jsonl (a line per mask) and report.html in the folder, or in\n"
      "a folder per prompt within where the config has evaluate.prompts; results of an earlier evaluation there are\n"
      "replaced.");
}

}  // namespace hqsam
