// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <thread>

#include "common.h"
#include "hqsam/config/config.h"
#include "hqsam/config/starter.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/log.h"
#include "hqsam/core/print.h"
#include "outputs.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

struct InitArguments {
  std::string data, output = "train.yaml", checkpoint = "sam_vit_b_01ec64.pth";
};

void print_size(const char* use, const SetOptions& set, const SetSize& size) {
  print_line("{:<10}{:>8} pictures {:>8}{:.0f} masks  {}", use, size.pictures,
             size.looked == size.pictures ? "" : "about ", size.masks, set.images.string());
  if (!size.told.empty()) print_line("{:<10}{}", "", size.told);
}

// Of all sets to train on together.
SetSize size_up_training(const FoundSets& found, int64_t workers) {
  SetSize all;
  for (const SetOptions& set : found.train) {
    const SetSize size = size_up(set, workers);
    print_size("train", set, size);
    all = {all.pictures + size.pictures, all.masks + size.masks, all.looked + size.looked, size.told};
  }
  return all;
}

// Sets to validate on that cannot be opened are left out, with the reason.
void check_validation(FoundSets& found, int64_t workers) {
  std::erase_if(found.valid, [&](const SetOptions& set) {
    try {
      print_size("validate", set, size_up(set, workers));
      return false;
    } catch (const Error& error) {
      spdlog::warn("no validation on {}: {}", set.images.string(), error.what());
      return true;
    }
  });
}

int init(const InitArguments& arguments) {
  const fs::path output = arguments.output;
  if (fs::exists(output)) fail("init", "{} is there already: name another by --output", output.string());
  require_writable_file("init", output);
  FoundSets found = find_sets(arguments.data);
  const auto workers = static_cast<int64_t>(std::max(1U, std::thread::hardware_concurrency()));
  const SetSize train = size_up_training(found, workers);
  check_validation(found, workers);
  print_line("taken for {}", found.what);
  write_file(output,
             starter_yaml(found, train, fs::absolute(output).parent_path(), arguments.checkpoint, arguments.data));
  load_config(output);
  print_line(output.string());
  print_line("next: hqsam data check --config {0} --output check; hqsam train --config {0}", output.string());
  return 0;
}

}  // namespace

void add_init(CLI::App& app, Run& run) {
  const auto [command, arguments] =
      add_command<InitArguments>(app, run, "init", "look at your data and write the train.yaml for it", init);
  command
      ->add_option(
          "data", arguments->data,
          "a folder of pictures and masks (or of train and val folders), a COCO JSON, YOLO's data.yaml, shards")
      ->required();
  command->add_option("--output", arguments->output, "the YAML file to write")->capture_default_str();
  command->add_option("--checkpoint", arguments->checkpoint, "the SAM to start from, written into the file")
      ->capture_default_str();
  command->footer(
      "Says what it takes the data for, and how many pictures and masks it saw. docs/data.md says how data is read.");
}

}  // namespace hqsam
