// SPDX-License-Identifier: Apache-2.0
#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "common.h"
#include "hqsam/core/error.h"
#include "hqsam/core/print.h"
#include "hqsam/evaluate/compare.h"
#include "hqsam/evaluate/prompts_table.h"

namespace hqsam {
namespace {

struct CompareArguments {
  std::string first;
  std::vector<std::string> others;
  bool table = false, prompts = false;
};

// "name=folder,folder", or a folder that is its own name.
TableRow row_of(const std::string& text) {
  const size_t equals = text.find('=');
  TableRow row{text.substr(0, equals), {}};
  const std::string folders = equals == std::string::npos ? text : text.substr(equals + 1);
  for (size_t begin = 0; begin <= folders.size();) {
    const size_t end = std::min(folders.find(',', begin), folders.size());
    row.folders.emplace_back(folders.substr(begin, end - begin));
    begin = end + 1;
  }
  return row;
}

int compare(const CompareArguments& arguments) {
  if (arguments.table || arguments.prompts) {
    std::vector<TableRow> rows = {row_of(arguments.first)};
    for (const std::string& text : arguments.others) rows.push_back(row_of(text));
    print_lines(arguments.prompts ? prompts_table(rows) : models_table(rows));
    return 0;
  }
  if (arguments.others.size() != 1) {
    fail("compare", "expected two folders, got {}; --table compares more", arguments.others.size() + 1);
  }
  print_lines(comparison_table(compare_folders(arguments.first, arguments.others.front())));
  return 0;
}

}  // namespace

void add_compare(CLI::App& app, Run& run) {
  const auto [command, arguments] =
      add_command<CompareArguments>(app, run, "compare", "evaluations of the same data, paired mask by mask", compare);
  command->add_option("A", arguments->first, "folder that hqsam evaluate wrote")->required();
  command->add_option("B", arguments->others, "another one, of the same data; with --table or --prompts any number");
  command->add_flag("--table", arguments->table, "a Markdown table: a row per folder, with its difference to A");
  command->add_flag("--prompts", arguments->prompts,
                    "Markdown tables of models beside prompts, of folders that hold a folder per prompt");
  command->parse_complete_callback([arguments = arguments] {
    if (arguments->others.empty() && !arguments->prompts) throw CLI::RequiredError("B");
  });
  command->footer(
      "Prints the means of both, the difference B - A and its 95 % bootstrap interval, per set and for all masks\n"
      "together: IoU, boundary IoU and, where both have it, IoU of thin parts (percent) and correction efforts (hce,\n"
      "clicks), over the masks that have it. Kinds of masks that only one of them has are left out.\n"
      "With --table a row is folder, name=folder or name=folder,folder,... (repeated trainings, of which each mask's\n"
      "scores are averaged); its masks are hq's, or sam's where it has no others. With --prompts a row is the same of\n"
      "evaluations with evaluate.prompts, with a line for each kind of mask.");
}

}  // namespace hqsam
