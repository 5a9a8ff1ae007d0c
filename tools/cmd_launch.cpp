// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "common.h"
#include "hqsam/comm/launch.h"

namespace hqsam {
namespace {

int launch_ranks(const LaunchOptions& arguments) {
  LaunchOptions options = arguments;
  options.program = std::filesystem::read_symlink("/proc/self/exe");
  options.unblocks_signals = options.arguments.front() == "train";  // see process.cpp
  return launch(options);
}

}  // namespace

void add_launch(CLI::App& app, Run& run) {
  const auto [command, options] = add_command<LaunchOptions>(
      app, run, "launch", "run a command on several devices or machines, one process each", launch_ranks);
  command->add_option("--nproc", options->nproc, "processes on this machine: one per GPU")
      ->required()
      ->check(CLI::Range(1, 1024));
  auto* nodes = command->add_option("--nnodes", options->nodes, "machines, each with a launch of its own")
                    ->check(CLI::Range(1, 65536))
                    ->capture_default_str();
  command->add_option("--node-rank", options->node_rank, "which machine this is, from 0")
      ->check(CLI::Range(0, 65535))
      ->needs(nodes);
  command->add_option("--master-addr", options->master_addr, "machine 0, as the others reach it");
  command->add_option("--master-port", options->master_port, "a free port there; one machine alone finds its own")
      ->check(CLI::Range(1, 65535));
  command->add_option("--max-restarts", options->max_restarts, "after a failure, how often to start all again")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  command->add_option("command", options->arguments, "after --: the command, such as train --config my.yaml")
      ->required();
  command->footer(
      "Example: hqsam launch --nproc 8 --max-restarts 3 -- train --config my.yaml\n"
      "Lines of the ranks come with [rank] in front; SIGINT, SIGTERM and SIGUSR1 go on to them. When one fails, the\n"
      "others are ended and its exit code is launch's. A restarted train goes on where it was; starts are 1 s, 2 s, 4 "
      "s,\n"
      "... 60 s apart, and the same early failure twice ends them. See docs/cluster.md.");
}

}  // namespace hqsam
