// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <csignal>

#include "common.h"
#include "hqsam/config/open.h"
#include "hqsam/core/error.h"
#include "hqsam/core/log.h"

namespace hqsam {
namespace {

struct TrainArguments {
  std::string config, output;
  std::vector<std::string> set;
  bool resume = false, overwrite = false;
  ComputeOptions compute;
};

std::atomic<bool> stop_requested{false};

// The first signal asks for a save; the second ends the program.
void request_stop(int signal) {
  stop_requested = true;
  std::signal(signal, SIG_DFL);
}

std::string resume_line(const TrainArguments& arguments) {
  std::string line = fmt::format("hqsam train --config '{}'", arguments.config);
  for (const std::string& text : arguments.set) line += fmt::format(" --set '{}'", text);
  if (!arguments.output.empty()) line += fmt::format(" --output '{}'", arguments.output);
  return line + " --resume";
}

int train(const TrainArguments& arguments) {
  const torch::Device device = start_device(arguments.compute);
  std::vector<std::string> overrides = arguments.set;
  if (arguments.compute.precision != "auto") overrides.push_back("train.precision=" + arguments.compute.precision);
  Config config = load_config(arguments.config, overrides);
  if (!arguments.output.empty()) config.output = std::filesystem::absolute(arguments.output).lexically_normal();
  if (config.output.empty()) fail("train", "no folder to write to: set output in {}, or --output", arguments.config);

  SamHq model = open_training_model(config);
  const TrainingSet set = open_training_set(config, model->image_size());
  const auto group = make_group();
  const auto validate = open_validation(config, group);
  model->to(device);
  Trainer trainer(model, config.train, group);
  const RunOptions options{config.output, arguments.resume, arguments.overwrite, to_yaml(config),
                           training_fingerprint(config)};
  std::signal(SIGINT, request_stop);
  std::signal(SIGTERM, request_stop);
  if (run_training(trainer, set, options, validate, stop_requested) == RunEnd::kStopped) {
    fmt::print(stderr, "stopped and saved; go on with: {}\n", resume_line(arguments));
    return kExitStopped;
  }
  fmt::print("{}\n", (config.output / "model.pth").string());
  return 0;
}

}  // namespace

void add_train(CLI::App& app, Run& run) {
  const auto [command, arguments] =
      add_command<TrainArguments>(app, run, "train", "train HQ modules on a frozen SAM, or a SAM base", train);
  command->add_option("--config", arguments->config, "YAML file of the run; see configs/")->required();
  add_repeated(*command, "--set", arguments->set, "key=value over the config, such as train.epochs=2; repeatable");
  command->add_option("--output", arguments->output, "the run's folder, instead of the config's output");
  auto* resume = command->add_flag("--resume", arguments->resume, "go on from where the run in the folder stopped");
  command->add_flag("--overwrite", arguments->overwrite, "replace the run in the folder")->excludes(resume);
  add_compute(*command, arguments->compute);
  command->footer(
      "Leaves model.pth, best.pth, checkpoints/, state/, metrics.jsonl and config.yaml in the folder and prints\n"
      "model.pth's path. Ctrl-C or SIGTERM saves the state and exits with 75; --resume goes on to the bit.");
}

}  // namespace hqsam
