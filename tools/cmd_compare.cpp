// SPDX-License-Identifier: Apache-2.0
#include <spdlog/fmt/fmt.h>

#include "common.h"
#include "hqsam/evaluate/compare.h"

namespace hqsam {
namespace {

struct CompareArguments {
  std::string first, second;
};

int compare(const CompareArguments& arguments) {
  fmt::print("{}", comparison_table(compare_folders(arguments.first, arguments.second)));
  return 0;
}

}  // namespace

void add_compare(CLI::App& app, Run& run) {
  const auto [command, arguments] = add_command<CompareArguments>(
      app, run, "compare", "two evaluations of the same data, paired mask by mask", compare);
  command->add_option("A", arguments->first, "folder that hqsam evaluate wrote")->required();
  command->add_option("B", arguments->second, "another one, of the same data")->required();
  command->footer(
      "Prints the means of both, the difference B - A and its 95 % bootstrap interval, per set and for all masks\n"
      "together: IoU, boundary IoU and, where both have it, IoU of thin parts (percent) and correction efforts (hce,\n"
      "clicks), over the masks that have it. Kinds of masks that only one of them has are left out.");
}

}  // namespace hqsam
