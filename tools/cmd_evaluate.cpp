// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <optional>

#include "common.h"
#include "hqsam/config/choices.h"
#include "hqsam/config/open.h"
#include "hqsam/core/bounds.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/log.h"
#include "hqsam/core/print.h"
#include "hqsam/data/open_dataset.h"
#include "hqsam/model/checkpoint.h"
#include "hqsam/ops/autocast.h"
#include "hqsam/report/report.h"
#include "hqsam/train/memory.h"
#include "outputs.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

struct EvaluateArguments {
  std::vector<std::string> config;
  std::string checkpoint, base, output, protocol;
  std::vector<std::string> set, masks, beside;
  int64_t limit = -1, image_size = 0, batch = 0;
  bool save_masks = false;
  ComputeOptions compute;
};

Config read_config(const EvaluateArguments& arguments) {
  std::vector<Override> options;
  if (!arguments.masks.empty()) options.push_back({"--masks", "evaluate.masks", arguments.masks});
  if (!arguments.protocol.empty()) options.push_back({"--protocol", "evaluate.protocol", arguments.protocol});
  if (arguments.limit >= 0) options.push_back({"--limit", "evaluate.limit", arguments.limit});
  if (arguments.batch > 0) options.push_back({"--batch", "evaluate.batch", arguments.batch});
  if (arguments.image_size > 0) options.push_back({"--image-size", "data.image_size", arguments.image_size});
  const std::vector<fs::path> paths(arguments.config.begin(), arguments.config.end());
  Config config = load_config(paths, arguments.set, options);
  if (!arguments.output.empty()) {
    config.output = arguments.output;
  } else if (!config.output.empty()) {
    config.output /= "evaluate";
  } else {
    fail("evaluate", "no folder to write to: set output in {}, or --output", arguments.config.back());
  }
  if (config.valid_sets.empty()) fail("evaluate", "data.valid is empty in {}: name a set", arguments.config.back());
  return config;
}

fs::path folder_of(const Config& config, size_t prompt) {
  return config.evaluations.size() > 1 ? config.output / prompt_label(config.evaluations[prompt]) : config.output;
}

// Masks of an earlier evaluation would stand between this one's, and a folder may be anybody's.
void save_masks_to(Config& config) {
  for (size_t i = 0; i < config.evaluations.size(); ++i) {
    const fs::path folder = folder_of(config, i) / "predicted";
    if (fs::exists(folder)) {
      fail("evaluate", "{} is there already: remove it, or take another --output", folder.string());
    }
    config.evaluations[i].save_masks = folder;
  }
}

// Writes the numbers first, so that neither a failing report nor a closed standard output loses them.
void write_results(const Config& config, const std::vector<EvaluateResult>& results, const std::string& checkpoint) {
  for (size_t i = 0; i < results.size(); ++i) {
    const fs::path folder = folder_of(config, i);
    fs::create_directories(folder);
    fs::remove(folder / "report.html");
    if (config.evaluations[i].origin == PromptOrigin::kProposals) {  // no mask has a score of its own
      fs::remove(folder / "samples.jsonl");
    } else {
      write_file(folder / "samples.jsonl", samples_jsonl(results[i]));
    }
    write_file(folder / "results.json", results_json(results[i], config.evaluations[i], checkpoint));
  }
  for (size_t i = 0; i < results.size(); ++i) {
    if (i > 0) print_line("");
    if (results.size() > 1) print_line("prompt {}", prompt_label(config.evaluations[i]));
    print_lines(results_table(results[i]));
  }
  finish_printing();  // before the report, which takes a while; a failure is reported at the end
}

// Empty, with a warning, if costs cannot be measured.
std::vector<CostRow> costs_of(SamHq& model, const std::vector<NamedDataset>& sets, const EvaluateOptions& options) {
  try {
    const torch::Device device = model->device();
    const double peak_gib = device.is_cuda() ? peak_device_memory_gib(device) : peak_memory_gib();
    std::vector<CostRow> costs = measure_costs(model, sets, options);
    costs.back().memory_bytes = static_cast<int64_t>(peak_gib * (1 << 30));
    return costs;
  } catch (const std::exception& error) {
    spdlog::warn("speed and size were not measured: {}", error.what());
    return {};
  }
}

// report.html, and the costs in results.json.
void write_report(const fs::path& folder, SamHq& model, const std::vector<NamedDataset>& sets,
                  const EvaluateResult& result, const EvaluateOptions& options, ReportOptions report) {
  if (result.mean.empty()) {
    spdlog::warn("every mask was skipped: no {}", (folder / "report.html").string());
    return;
  }
  if (!report.costs.empty()) {
    const std::string json = with_costs(results_json(result, options, report.checkpoint), report.costs);
    write_file(folder / "results.json", json);
    const auto point = report.beside.empty() ? std::nullopt : trade_off_point(json, "this evaluation");
    if (point) report.beside.push_back(*point);
  }
  write_evaluation_report(folder / "report.html", model, sets, result, options, report);
  tell_line((folder / "report.html").string());
}

int evaluate_checkpoint(const EvaluateArguments& arguments) {
  const torch::Device device = start_device(arguments.compute);
  const Bf16Scope bf16(device.type(), wants_bf16(arguments.compute, device));
  Config config = read_config(arguments);
  require_writable_folder("evaluate", config.output);
  if (arguments.save_masks) save_masks_to(config);
  ReportOptions report{.title = "HQ-SAM evaluation", .checkpoint = arguments.checkpoint};
  for (const std::string& folder : arguments.beside) {
    if (const auto point = read_trade_off_point(folder)) report.beside.push_back(*point);
  }
  const bool sam_alone = config.evaluate.masks == std::vector<MaskKind>{MaskKind::kSam};
  const std::vector<NamedDataset> sets = open_datasets(config.valid_sets, config.evaluate.seed);
  for (const NamedDataset& set : sets) {
    look_before_run(set.name, *set.dataset, config.evaluate.workers, config.evaluate.on_error);
  }
  LoadOptions load{.hq = sam_alone ? HqModules::kAsFound : HqModules::kRequired, .base = arguments.base};
  if (config.image_size > 0) load.image_size = config.image_size;
  SamHq model = load_sam_hq(arguments.checkpoint, load);
  model->to(device);
  const auto group = make_group({.device = device});
  const std::vector<EvaluateResult> results =
      abort_on_error(*group, [&] { return evaluate_prompts(model, sets, config.evaluations, *group); });
  if (!group->is_main()) return 0;
  write_results(config, results, arguments.checkpoint);
  if (config.evaluations.front().origin == PromptOrigin::kProposals) return 0;
  report.costs = costs_of(model, sets, config.evaluations.front());
  for (size_t i = 0; i < results.size(); ++i) {
    write_report(folder_of(config, i), model, sets, results[i], config.evaluations[i], report);
  }
  return 0;
}

}  // namespace

void add_evaluate(CLI::App& app, Run& run) {
  const auto [command, arguments] = add_command<EvaluateArguments>(
      app, run, "evaluate", "mIoU and boundary mIoU of a checkpoint on the config's data.valid", evaluate_checkpoint);
  add_repeated(*command, "--config", arguments->config,
               "YAML file with data.valid and evaluate; repeatable, each is laid over those before it")
      ->required();
  command->add_option("--checkpoint", arguments->checkpoint, "HQ-SAM's, or SAM's with --masks sam")->required();
  command->add_option("--base", arguments->base,
                      "the SAM that trained keys belong to, where the checkpoint holds no more");
  add_repeated(*command, "--set", arguments->set, "key=value over the config; repeatable");
  command->add_option("--output", arguments->output,
                      "folder of the results; default: evaluate/ in the config's output");
  command->add_option("--masks", arguments->masks, "of sam,hq,sum; default: the config's, or all")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(words<MaskKind>(kMaskKinds)));
  command->add_option("--protocol", arguments->protocol, "reference (squashed, as in training) or keep_aspect")
      ->check(CLI::IsMember(words<Protocol>(kProtocols)));
  command->add_option("--batch", arguments->batch, "pictures that the encoder takes at once; default: 1")
      ->check(whole_number(1, kMostEncoded));
  command->add_option("--limit", arguments->limit, "pictures per set, evenly spaced; 0 = all")->check(whole_number(0));
  command->add_option("--image-size", arguments->image_size, "pixels of the model's input; default: the config's")
      ->check(whole_number(1, kMostPixels));
  command->add_flag("--save-masks", arguments->save_masks,
                    "keep the predicted masks: predicted/<kind>/<set>/<picture>_<number>.png in the output");
  add_repeated(*command, "--beside", arguments->beside,
               "folder of another checkpoint's evaluation, for the report's plots over speed and size; repeatable");
  add_compute(*command, arguments->compute);
  command->footer(
      "Prints a table and leaves results.json, samples.jsonl (a line per mask) and report.html in the folder, or in\n"
      "a folder per prompt within where the config has evaluate.prompts; results of an earlier evaluation there are\n"
      "replaced. Of evaluate.prompt: proposals results.json alone (hqsam amg draws them).");
}

}  // namespace hqsam
