// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <set>

#include "common.h"
#include "data_convert.h"
#include "hqsam/config/open.h"
#include "hqsam/core/clock.h"
#include "hqsam/core/error.h"
#include "hqsam/core/print.h"
#include "hqsam/data/check.h"
#include "hqsam/data/open_dataset.h"
#include "hqsam/report/contact_sheet.h"
#include "hqsam/synth/write.h"
#include "outputs.h"

namespace hqsam {
namespace {

struct CheckArguments {
  std::string config, output;
  std::vector<std::string> set;
};

struct SynthArguments {
  std::string output;
  int64_t count = 0;
  int64_t size = 512;
  uint64_t seed = 42;
};

void print_report(const std::string& name, const CheckReport& report) {
  print_line("{:<24}{:>8} pictures {:>8} masks, {:.1f} % inside, {}x{} to {}x{}, median {}x{}", name, report.samples,
             report.masks, 100 * report.mean_inside_share, report.smallest.width, report.smallest.height,
             report.largest.width, report.largest.height, report.median.width, report.median.height);
  constexpr int64_t kNotesShown = 3;  // of each kind; notes are not errors
  std::array<int64_t, kProblems> shown = {};
  for (const FileProblem& problem : report.problems) {
    if (is_note(problem.problem) && ++shown[static_cast<size_t>(problem.problem)] > kNotesShown) continue;
    print_line("  {:<12}{}: {}", problem_name(problem.problem), problem.path, problem.message);
  }
  for (const Problem kind : {Problem::kZeroOne, Problem::kLeftOut}) {
    if (report.count(kind) > kNotesShown) {
      print_line("  {:<12}and {} more", problem_name(kind), report.count(kind) - kNotesShown);
    }
  }
}

// Counts a set that cannot be opened as one problem and continues with the next.
size_t check_set(const SetOptions& set, const CheckOptions& options, std::vector<CheckedSet>& checked) {
  try {
    const auto dataset = open_dataset(set);
    checked.push_back({{set.name, dataset}, check_dataset(*dataset, options)});
    print_report(set.name, checked.back().report);
    const CheckReport& report = checked.back().report;
    for (const std::string& line : {dataset->told(), describe(report)}) {
      if (!line.empty()) print_line("  {}", line);
    }
    return static_cast<size_t>(std::count_if(report.problems.begin(), report.problems.end(),
                                             [](const FileProblem& problem) { return !is_note(problem.problem); }));
  } catch (const Error& error) {
    print_line("{:<24} cannot be read: {}", set.name, error.what());
    return 1;
  }
}

int check(const CheckArguments& arguments) {
  const Config config = load_config(arguments.config, arguments.set);
  if (!arguments.output.empty()) require_writable_folder("data check", arguments.output);
  std::vector<SetOptions> sets = config.train_sets;
  sets.insert(sets.end(), config.valid_sets.begin(), config.valid_sets.end());
  if (sets.empty()) fail("data check", "{} names no sets in data.train or data.valid", arguments.config);
  CheckOptions options;
  options.workers = std::max<int64_t>(1, config.train.workers);
  std::vector<CheckedSet> checked;
  size_t problems = 0;
  for (const SetOptions& set : sets) problems += check_set(set, options, checked);
  if (!arguments.output.empty()) {
    const auto page = std::filesystem::path(arguments.output) / "contact_sheet.html";
    std::filesystem::create_directories(arguments.output);
    write_contact_sheet(page, checked);
    tell_line(page.string());
  }
  if (problems > 0) fail("data check", "{} problems in {} sets, listed on the standard output", problems, sets.size());
  return 0;
}

int synth(const SynthArguments& arguments) {
  const auto start = std::chrono::steady_clock::now();
  require_writable_folder("data synth", arguments.output);
  write_synth(arguments.output, arguments.count, {{arguments.size, arguments.size}, arguments.seed});
  print_line("{} pictures in {} (im, gt, coarse), {:.1f} s", arguments.count, arguments.output, seconds_since(start));
  return 0;
}

}  // namespace

void add_data(CLI::App& app, Run& run) {
  CLI::App* data = app.add_subcommand("data", "look data sets over, make synthetic ones");
  data->require_subcommand(1);
  const auto [check_command, check_arguments] = add_command<CheckArguments>(
      *data, run, "check", "read every file of a config's sets and list what is wrong; exit code 1 if anything is",
      check);
  check_command->add_option("--config", check_arguments->config, "YAML file with data.train and data.valid")
      ->required();
  check_command->add_option("--output", check_arguments->output,
                            "folder for contact_sheet.html: some of every set's pictures with their masks");
  add_repeated(*check_command, "--set", check_arguments->set, "key=value over the config; repeatable");
  const auto [synth_command, synth_arguments] = add_command<SynthArguments>(
      *data, run, "synth", "make pictures of thin things with fine masks (gt/) and coarse ones (coarse/)", synth);
  synth_command->add_option("--output", synth_arguments->output, "folder for im/, gt/ and coarse/")->required();
  synth_command->add_option("--count", synth_arguments->count, "pictures")
      ->required()
      ->check(whole_number(1, 10'000'000));
  synth_command->add_option("--seed", synth_arguments->seed, "of the series")
      ->check(whole_number(0))
      ->capture_default_str();
  synth_command->add_option("--size", synth_arguments->size, "pixels a side")
      ->check(whole_number(64, 4096))
      ->capture_default_str();
  add_data_convert(*data, run);
}

}  // namespace hqsam
