// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "common.h"
#include "hqsam/comm/launch.h"
#include "hqsam/config/changes.h"
#include "hqsam/config/open.h"
#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/print.h"
#include "hqsam/data/stoppable_dataset.h"
#include "train_dry_run.h"
#include "train_monitor.h"

namespace hqsam {
namespace {

struct TrainArguments {
  std::string output;
  std::vector<std::string> configs, set;
  bool resume = false, overwrite = false, dry_run = false;
  int rank_timeout = 600;
  ComputeOptions compute;
};

std::atomic<bool> stop_requested{false};

// While there is nothing to save, a signal ends the program at once (process.h). Later the first asks for a save; the
// second ends the program.
void request_stop(int signal) {
  stop_requested = true;
  std::signal(signal, SIG_DFL);
}

std::string resume_line(const TrainArguments& arguments) {
  std::string line = "hqsam train";
  for (const std::string& config : arguments.configs) line += fmt::format(" --config '{}'", config);
  for (const std::string& text : arguments.set) line += fmt::format(" --set '{}'", text);
  if (!arguments.output.empty()) line += fmt::format(" --output '{}'", arguments.output);
  const ComputeOptions standard, &compute = arguments.compute;
  if (compute.device != standard.device) line += fmt::format(" --device {}", compute.device);
  if (compute.threads != standard.threads) line += fmt::format(" --threads {}", compute.threads);
  if (compute.precision != standard.precision) line += fmt::format(" --precision {}", compute.precision);
  return line + " --resume";
}

int train_in(const std::shared_ptr<Group>& group, const Config& config, const TrainArguments& arguments,
             const torch::Device& device) {
  SamHq model = open_training_model(config);
  const TrainingSet set = open_training_set(config, model->image_size());
  const std::vector<NamedDataset> valid = open_datasets(config.valid_sets, config.evaluate.seed);
  const std::shared_ptr<RunValidation> validation = open_validation(config, valid, group, stop_requested);
  std::vector<NamedDataset> shown = valid;
  for (NamedDataset& set : shown) set.dataset = std::make_shared<StoppableDataset>(set.dataset, stop_requested);
  model->to(device);
  Trainer trainer(model, config.train, group);
  RunOptions options{.output = config.output,
                     .resume = arguments.resume,
                     .overwrite = arguments.overwrite,
                     .config_text = to_yaml(config),
                     .config_fingerprint = training_fingerprint(config),
                     .validation_fingerprint = validation_fingerprint(config),
                     .launch_id = launch_id()};
  options.what_changed = [&](const std::filesystem::path& before) { return training_changes(before, config); };
  if (!config.checkpoint.empty()) options.start = validation;  // random weights are no start to compare with
  std::optional<TrainingMonitor> monitor;
  std::function<Validation(SamHq&)> validate_and_show;
  if (validation) validate_and_show = [&](SamHq& model) { return validation->validate(model); };
  if (group->is_main()) {
    monitor.emplace(open_monitor(config, shown, trainer, set));
    options.on_line = [&](const nlohmann::ordered_json& line) { monitor->line(line); };
    if (validation) {
      validate_and_show = [&](SamHq& validated) {
        Validation found = validation->validate(validated);
        monitor->validated(validated);
        return found;
      };
      validation->on_start = [&](SamHq& measured) { monitor->measured_start(measured); };
    }
  }
  group->barrier();  // from here on a rank that is to stop waits for the others to save
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) std::signal(signal, request_stop);
  if (run_training(trainer, set, options, validate_and_show, stop_requested) == RunEnd::kStopped) {
    if (group->is_main()) tell_line("stopped and saved; go on with: " + resume_line(arguments));
    return kExitStopped;
  }
  if (group->is_main()) print_raw((config.output / "model.pth").string() + "\n");
  return 0;
}

int train(const TrainArguments& arguments) {
  const torch::Device device = start_device(arguments.compute);
  std::vector<Override> options;
  if (arguments.compute.precision != "auto") {
    options.push_back({"--precision", "train.precision", arguments.compute.precision});
  }
  const std::vector<std::filesystem::path> files(arguments.configs.begin(), arguments.configs.end());
  Config config = load_config(files, arguments.set, options);
  if (!arguments.output.empty()) config.output = std::filesystem::absolute(arguments.output).lexically_normal();
  if (config.output.empty())
    fail("train", "no folder to write to: set output in {}, or --output", arguments.configs.back());
  config.rows.pinned = device.is_cuda();
  const auto group = make_group({.device = device, .timeout = std::chrono::seconds(arguments.rank_timeout)});
  if (!group->is_main()) spdlog::set_level(std::max(spdlog::get_level(), spdlog::level::warn));
  return abort_on_error(*group, [&] {
    try {
      if (!arguments.dry_run) return train_in(group, config, arguments, device);
      dry_run(config, group, device);
      return 0;
    } catch (const c10::OutOfMemoryError& error) {
      const std::string message = error.what_without_backtrace();
      fail("train", "{} has too little memory for train.micro_batch {}: lower it, train.batch_size may stay. {}",
           device.str(), config.train.micro_batch, message.substr(0, message.find('\n')));
    }
  });
}

}  // namespace

void add_train(CLI::App& app, Run& run) {
  const auto [command, arguments] =
      add_command<TrainArguments>(app, run, "train", "train HQ modules on a frozen SAM, or a SAM base", train);
  add_repeated(*command, "--config", arguments->configs,
               "YAML file of the run; see configs/. Repeatable: each is laid over those before it")
      ->required();
  add_repeated(*command, "--set", arguments->set, "key=value over the config, such as train.epochs=2; repeatable");
  command->add_option("--output", arguments->output, "the run's folder, instead of the config's output");
  auto* resume = command->add_flag("--resume", arguments->resume, "go on from where the run in the folder stopped");
  command->add_flag("--overwrite", arguments->overwrite, "replace the run in the folder")->excludes(resume);
  command
      ->add_flag("--dry-run", arguments->dry_run,
                 "try the config, the data and a step on two rows; tell steps, time, memory and disk; write nothing")
      ->excludes(resume);
  command->add_option("--rank-timeout", arguments->rank_timeout, "seconds after which a rank that hangs ends the run")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  add_compute(*command, arguments->compute);
  command->footer(
      "Leaves model.pth, best.pth, checkpoints/, state/, metrics.jsonl, config.yaml, report.html (with samples/) and\n"
      "TensorBoard events in tensorboard/ in the folder and prints model.pth's path. Ctrl-C, SIGTERM or SIGUSR1 saves "
      "the state and exits with 75; --resume goes on to the bit.");
}

}  // namespace hqsam
