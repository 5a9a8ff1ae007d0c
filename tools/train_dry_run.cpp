// SPDX-License-Identifier: Apache-2.0
#include "train_dry_run.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>

#include "hqsam/config/choices.h"
#include "hqsam/config/open.h"
#include "hqsam/core/clock.h"
#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/print.h"
#include "hqsam/core/text.h"
#include "hqsam/ops/autocast.h"
#include "hqsam/train/memory.h"
#include "hqsam/train/run.h"
#include "hqsam/train/run_folder.h"
#include "outputs.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kRowsRead = 16, kRowsTaken = 2, kPicturesTried = 2;

struct StepCost {
  double seconds_a_row = 0;
  double memory_gib = 0;        // with `rows` rows at a time, or as many as a micro batch has
  double memory_a_row_gib = 0;  // and for each row more
  int64_t rows = 0;
};

double peak_gib(torch::Device device) { return device.is_cuda() ? peak_device_memory_gib(device) : peak_memory_gib(); }

double timed_step(Trainer& trainer, const std::vector<TrainingRow>& rows) {
  const auto begin = std::chrono::steady_clock::now();
  const StepResult result = trainer.step(rows, 0);
  if (result.skipped) fail("train", "a step on {} rows was skipped: {}", rows.size(), result.reason);
  return seconds_since(begin);
}

// A step on one row to warm up, then on two; where that is quick, again for a better time. Where two would not fit the
// memory it stays at one: the system would kill the process without a word.
StepCost try_step(Trainer& trainer, const std::vector<TrainingRow>& rows) {
  constexpr int kMost = 3;
  constexpr double kQuick = 1;  // seconds
  const double before = peak_gib(trainer.device()), whole = memory_to_use_gib(trainer.device());
  const double first = timed_step(trainer, {rows.front()}), of_one = peak_gib(trainer.device());
  if (whole > 0 && of_one + (of_one - before) > 0.9 * whole) return {first, of_one, of_one - before, 1};
  const std::vector<TrainingRow> taken(rows.begin(), rows.begin() + std::min(kRowsTaken, std::ssize(rows)));
  double seconds = timed_step(trainer, taken);
  for (int i = 1; i < kMost && seconds < kQuick; ++i) seconds = std::min(seconds, timed_step(trainer, taken));
  const double of_two = peak_gib(trainer.device());
  return {seconds / static_cast<double>(taken.size()), of_two, of_two - of_one, std::ssize(taken)};
}

// The first rows, as a run reads them; rows per second.
std::vector<TrainingRow> read_rows(const TrainingSet& set, int64_t workers, double& rows_per_s) {
  const int64_t count = std::min(set.size(), kRowsRead);
  const auto begin = std::chrono::steady_clock::now();
  Loader loader(set, 0, 0, count, workers, count);
  std::vector<TrainingRow> rows = loader.next(count);
  rows_per_s = static_cast<double>(count) / std::max(seconds_since(begin), 1e-9);
  if (rows.empty()) fail("train", "none of the first {} rows can be read (data.on_error: skip)", count);
  return rows;
}

int64_t pictures_of(const std::vector<NamedDataset>& sets, int64_t limit) {
  int64_t pictures = 0;
  for (const NamedDataset& set : sets) {
    pictures += limit > 0 ? std::min(limit, set.dataset->size()) : set.dataset->size();
  }
  return pictures;
}

// Seconds of a whole validation, from a few pictures of each set.
double try_validation(Trainer& trainer, const Config& config, const std::vector<NamedDataset>& sets) {
  EvaluateOptions options = validation_options(config);
  const int64_t pictures = pictures_of(sets, options.limit);
  options.limit = options.limit > 0 ? std::min(options.limit, kPicturesTried) : kPicturesTried;
  const torch::NoGradGuard no_grad;
  const Bf16Scope bf16(trainer.device().type(), runs_in_bf16(config.train.precision, trainer.device()));
  const EvaluateResult result = evaluate(trainer.model(), sets, options, trainer.group());
  if (result.samples.empty()) {
    spdlog::warn("no mask of the {} pictures that a validation was tried on could be scored",
                 pictures_of(sets, options.limit));
  }
  return result.seconds / static_cast<double>(std::max<int64_t>(pictures_of(sets, options.limit), 1)) *
         static_cast<double>(pictures);
}

double bytes_of(const TensorMap& map) {
  double bytes = 0;
  for (const auto& [name, tensor] : map.tensors) bytes += static_cast<double>(tensor.nbytes());
  return bytes;
}

std::string size_text(double bytes) {
  return bytes < 1e9 ? fmt::format("{:.0f} MB", std::max(bytes / 1e6, 1.0)) : fmt::format("{:.1f} GB", bytes / 1e9);
}

void print_model(Trainer& trainer, const Config& config) {
  int64_t all = 0, trained = 0;
  for (const auto& parameter : trainer.model()->parameters()) all += parameter.numel();
  for (const auto& [key, parameter] : trainer.parameters()) trained += parameter.numel();
  print_line("{:<11} {}, {} pixels; {:.2f} M of {:.2f} M parameters train ({}); {}, {}", "model",
             variant_name(trainer.model()->options()), trainer.model()->image_size(),
             static_cast<double>(trained) / 1e6, static_cast<double>(all) / 1e6,
             word_of(config.train.trainable, kTrainables), trainer.device().str(),
             runs_in_bf16(config.train.precision, trainer.device()) ? "bf16" : "fp32");
}

void print_memory(const Config& config, const StepCost& cost, torch::Device device) {
  const double whole = memory_to_use_gib(device);
  const int64_t rows =
      std::max(std::min(config.train.micro_batch, config.train.batch_size), config.train.encoder_batch);
  const auto more = static_cast<double>(std::max<int64_t>(rows - cost.rows, 0));
  const double wanted = cost.memory_gib + more * cost.memory_a_row_gib;
  std::string line =
      fmt::format("{:.2f} GiB with up to {} rows at a time, measured", cost.memory_gib, std::min(rows, cost.rows));
  if (more > 0) line += fmt::format("; about {:.2f} GiB with the {} of train.micro_batch", wanted, rows);
  if (whole > 0) line += fmt::format("; {} has {:.1f} GiB", device.is_cuda() ? device.str() : "this machine", whole);
  print_line("{:<11} {}", "memory", line);
  if (whole == 0 || wanted < 0.9 * whole) return;
  const double room = (0.85 * whole - cost.memory_gib) / std::max(cost.memory_a_row_gib, 1e-3);
  const int64_t fits = cost.rows + static_cast<int64_t>(std::floor(room));
  if (fits < 1 || rows == 1) {
    spdlog::warn("that is more than there is room for, even row by row: take a smaller variant or trainable hq");
  } else {
    spdlog::warn("that is more than there is room for: set train.micro_batch to {}; train.batch_size may stay",
                 std::min(fits, rows - 1));
  }
}

void print_disk(Trainer& trainer, const Config& config, bool validates) {
  const double model = bytes_of(trainer.checkpoint(/*trained_only=*/false)),
               trained = bytes_of(trainer.checkpoint(/*trained_only=*/true)), state = bytes_of(trainer.state());
  const auto epochs = static_cast<double>(config.train.epochs), states = static_cast<double>(config.train.keep_states);
  const double all = model * (validates ? 2 : 1) + epochs * trained + (states + 1) * state;
  std::error_code error;
  const fs::space_info space = fs::space(existing_folder("train", config.output), error);
  print_line("{:<11} about {} in {}: model.pth{} {}, {} times {} in checkpoints/, {} states of {}{}", "disk",
             size_text(all), config.output.string(), validates ? " and best.pth, each" : "", size_text(model),
             config.train.epochs, size_text(trained), config.train.keep_states, size_text(state),
             error ? "" : fmt::format("; {} are free", size_text(static_cast<double>(space.available))));
  if (!error && static_cast<double>(space.available) < 1.1 * all) spdlog::warn("the disk has too little room for that");
}

void print_time(const Config& config, const RunPlan& plan, const StepCost& cost, double rows_per_s, double validation) {
  const auto batch = static_cast<double>(config.train.batch_size);
  const double computing = batch * cost.seconds_a_row, reading = batch / rows_per_s,
               step = std::max(computing, reading);
  const double all = step * static_cast<double>(plan.steps) + validation * static_cast<double>(plan.validations + 1);
  print_line("{:<11} {} in {} epochs of {}", "steps", plan.steps, config.train.epochs, plan.steps_per_epoch);
  print_line("{:<11} about {}: {:.2f} s a step{}{}", "time", human_seconds(all), step,
             reading > computing ? ", most of it waiting for rows (data.workers)" : "",
             validation > 0 ? fmt::format(", {:.1f} s a validation", validation) : "");
}

}  // namespace

void dry_run(Config config, const std::shared_ptr<Group>& group, const torch::Device& device) {
  if (group->size() > 1) fail("train", "--dry-run tries one process: leave out hqsam launch");
  require_writable_folder("train", config.output);
  if (RunFolder(config.output).holds_run()) {
    spdlog::warn("{} holds a run already: the run will need --resume, --overwrite or another --output",
                 config.output.string());
  }
  SamHq model = open_training_model(config);
  const TrainingSet set = open_training_set(config, model->image_size());
  const std::vector<NamedDataset> valid = open_datasets(config.valid_sets, config.evaluate.seed);
  const std::atomic<bool> stop = false;
  open_validation(config, valid, group, stop);
  check_run(config.train, set, model->image_size(), group->size());
  if (!config.train.cache_features.empty()) spdlog::info("train.cache_features is not tried: it would write");
  config.train.cache_features.clear();
  model->to(device);
  Trainer trainer(model, config.train, group);
  double rows_per_s = 0;
  const std::vector<TrainingRow> rows = read_rows(set, config.train.workers, rows_per_s);
  StepCost cost = try_step(trainer, rows);
  const double validation = valid.empty() ? 0 : try_validation(trainer, config, valid);
  cost.memory_gib = std::max(cost.memory_gib, peak_gib(device));

  RunPlan plan = plan_of(config.train, set.size());
  if (valid.empty()) plan.validations = 0;
  print_model(trainer, config);
  print_line("{:<11} {} rows an epoch, {} of them in {} batches of {}; the first {} were read", "data", plan.rows,
             plan.rows_per_epoch, plan.steps_per_epoch, config.train.batch_size, std::min(set.size(), kRowsRead));
  const int64_t pictures = pictures_of(valid, validation_options(config).limit);
  print_line("{:<11} {}", "validation",
             valid.empty()
                 ? "none: data.valid is empty, so nobody sees whether the run gets better"
                 : fmt::format("{} pictures, {} times, and once before the first step", pictures, plan.validations));
  print_time(config, plan, cost, rows_per_s, validation);
  print_memory(config, cost, device);
  print_disk(trainer, config, !valid.empty());
  print_line("nothing was written; hqsam data check reads every file, hqsam train without --dry-run begins");
}

}  // namespace hqsam
