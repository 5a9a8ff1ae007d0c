// SPDX-License-Identifier: Apache-2.0
#include "data_convert.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "hqsam/config/choices.h"
#include "hqsam/config/config.h"
#include "hqsam/core/clock.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/log.h"
#include "hqsam/core/print.h"
#include "hqsam/core/text.h"
#include "hqsam/data/convert.h"
#include "hqsam/data/find_sets.h"
#include "hqsam/data/open_dataset.h"
#include "outputs.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

struct ConvertArguments {
  std::string from, type = "auto", images, masks, annotations, split, exif = "auto", set_name, to;
  std::vector<std::string> set;
  bool no_images = false, rasters = false;
  ConvertOptions options;
};

// A config of hqsam's has a line "data:"; a YOLO set's data.yaml has none.
bool is_config(const fs::path& path) {
  const std::string extension = path.extension().string();
  if (extension != ".yaml" && extension != ".yml") return false;
  const std::string text = "\n" + read_file(path);
  return text.find("\ndata:") != std::string::npos;
}

// A set as the options say.
SetOptions set_of_options(const ConvertArguments& arguments) {
  SetOptions set;
  const fs::path from = arguments.from;
  set.name = from.stem().string();
  if (set.name.empty()) set.name = "set";
  set.format = choose(arguments.type, kSetFormats, "data convert", "--type");
  set.split = arguments.split;
  set.image_ext = set.mask_ext = "";
  const bool json = from.extension() == ".json";
  set.images = arguments.images.empty() ? (json ? from.parent_path() : from) : fs::path(arguments.images);
  set.masks = arguments.masks;
  set.annotations = arguments.annotations.empty() && json ? from : fs::path(arguments.annotations);
  return set;
}

bool is_told(const ConvertArguments& arguments) {
  return arguments.type != "auto" || !arguments.images.empty() || !arguments.masks.empty() ||
         !arguments.annotations.empty() || !arguments.split.empty();
}

// The sets at a path; one set if the options describe it.
std::vector<SetToConvert> sets_of_path(const ConvertArguments& arguments) {
  std::vector<SetToConvert> sets;
  if (is_told(arguments)) {
    sets.push_back({set_of_options(arguments), nullptr, false});
  } else {
    const FoundSets found = find_sets(arguments.from);
    spdlog::info("{}: {}", arguments.from, found.what);
    for (const SetOptions& set : found.train) sets.push_back({set, nullptr, false});
    for (const SetOptions& set : found.valid) sets.push_back({set, nullptr, true});
  }
  for (SetToConvert& set : sets) {
    if (arguments.exif != "auto") set.options.exif = choose(arguments.exif, kExifRules, "data convert", "--exif");
  }
  return sets;
}

std::vector<SetToConvert> sets_of_config(const ConvertArguments& arguments) {
  const Config config = load_config(arguments.from, arguments.set);
  std::vector<SetToConvert> sets;
  for (const SetOptions& set : config.train_sets) sets.push_back({set, nullptr, false});
  for (const SetOptions& set : config.valid_sets) sets.push_back({set, nullptr, true});
  if (sets.empty()) fail("data convert", "{} names no sets in data.train or data.valid", arguments.from);
  return sets;
}

void keep_named(const std::string& name, std::vector<SetToConvert>& sets) {
  std::vector<std::string> names;
  for (const SetToConvert& set : sets) names.push_back(set.options.name);
  std::erase_if(sets, [&](const SetToConvert& set) { return set.options.name != name; });
  if (!sets.empty()) return;
  fail("data convert", "--set-name: there is no set '{}'{}; there are: {}", name, did_you_mean(name, names),
       first_few(names));
}

std::vector<SetToConvert> sets_of(const ConvertArguments& arguments) {
  std::error_code error;
  if (!fs::exists(arguments.from, error)) fail("data convert", "--from: there is no {}", arguments.from);
  const bool config = !is_told(arguments) && is_config(arguments.from);
  if (!config && !arguments.set.empty()) fail("data convert", "--set is for a config, {} is none", arguments.from);
  if (config && arguments.exif != "auto") fail("data convert", "a config's sets have the key exif; use --set");
  std::vector<SetToConvert> sets = config ? sets_of_config(arguments) : sets_of_path(arguments);
  if (!arguments.set_name.empty()) keep_named(arguments.set_name, sets);
  for (SetToConvert& set : sets) set.dataset = open_dataset(set.options);
  return sets;
}

int convert_data(const ConvertArguments& arguments) {
  const auto start = std::chrono::steady_clock::now();
  ConvertOptions options = arguments.options;
  options.writer.format = choose(arguments.to, kAnnotationFormats, "data convert", "--to");
  options.writer.rasters = arguments.rasters;
  options.pictures = !arguments.no_images;
  options.validate();
  require_writable_folder("data convert", options.writer.folder);
  const ConvertReport report = convert(sets_of(arguments), options);
  if (!report.losses.empty()) spdlog::warn("{} cannot keep: {}", arguments.to, report.losses);
  if (report.left_out > 0) spdlog::warn("{} masks could not be read and are left out", report.left_out);
  if (report.renamed > 0) {
    spdlog::warn("{} pictures have the name of another one but for the ending: they are called a_2 in place of a",
                 report.renamed);
  }
  if (!report.strangers.empty()) {
    spdlog::warn("{} files in {} are not of this conversion, and readers may take them for a part of it: {}",
                 report.strangers.size(), options.writer.folder.string(), first_few(report.strangers));
  }
  for (const std::string& failure : report.failed) spdlog::error("{}", failure);
  const double seconds = seconds_since(start);
  print_line("{} pictures with {} masks in {} ({}), {:.1f} s", report.pictures, report.masks,
             options.writer.folder.string(), arguments.to, seconds);
  if (!report.failed.empty()) {
    fail("data convert", "{} pictures could not be read and are left out; they are listed above", report.failed.size());
  }
  return 0;
}

}  // namespace

void add_data_convert(CLI::App& data, Run& run) {
  const auto [command, arguments] = add_command<ConvertArguments>(
      data, run, "convert", "write sets in another format: pictures, and their masks as annotations", convert_data);
  const auto flag = [&app = *command](const char* name, bool& value, const char* text) {
    app.add_flag(name, value, text);
  };
  command->add_option("--from", arguments->from, "a config (all its sets), or a folder, JSON, data.yaml or .tar")
      ->required();
  command->add_option("--to", arguments->to, "coco, yolo, labelme or masks")->required();
  WriterOptions& writer = arguments->options.writer;
  command->add_option("--output", writer.folder, "folder; empty or not there yet")->required();
  command->add_option("--set-name", arguments->set_name, "this one of several sets alone");
  add_repeated(*command, "--set", arguments->set, "key=value over the config; repeatable");
  command->add_option("--type", arguments->type, "of --from, where it is not recognised: coco, yolo, folder, ...")
      ->capture_default_str();
  command->add_option("--images", arguments->images, "its folder of pictures, where it is not --from itself");
  command->add_option("--masks", arguments->masks, "its folder of masks");
  command->add_option("--annotations", arguments->annotations, "its JSON, or its folder of annotation files");
  command->add_option("--split", arguments->split, "voc, yolo: train, val, ...");
  command->add_option("--exif", arguments->exif, "auto, apply or ignore")->capture_default_str();
  flag("--polygons", writer.polygons, "coco: polygons in place of run lengths");
  flag("--rasters", arguments->rasters, "labelme: shapes of the type mask in place of polygons");
  flag("--labels", writer.label_pictures, "masks: one PNG for each picture, values are the objects' numbers");
  command->add_option("--simplify", writer.simplify, "pixels by which polygons may depart; 0 = exact")
      ->capture_default_str();
  command->add_option("--classes", writer.classes, "yolo: names of class 0, 1, ...; else those that come")
      ->delimiter(',');
  flag("--no-images", arguments->no_images, "annotations alone");
  flag("--link", arguments->options.link, "pictures as hard links in place of copies");
  flag("--upright", arguments->options.upright, "pictures with an EXIF orientation as PNGs that are turned already");
  flag("--overwrite", arguments->options.overwrite, "the folder may hold something");
  command->add_option("--workers", arguments->options.workers, "threads")
      ->check(whole_number(1, 1024))
      ->capture_default_str();
}

}  // namespace hqsam
