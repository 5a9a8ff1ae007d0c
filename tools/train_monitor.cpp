// SPDX-License-Identifier: Apache-2.0
#include "train_monitor.h"

#include "hqsam/config/choices.h"
#include "hqsam/config/validation.h"

namespace hqsam {
namespace {

std::string names_of(const std::vector<SetOptions>& sets) {
  std::string names;
  for (const SetOptions& set : sets) names += (names.empty() ? "" : ", ") + set.name;
  return names.empty() ? "none" : names;
}

// Rows that fill no batch take no part.
std::string rows_text(int64_t rows, int64_t batch) {
  const int64_t used = rows / batch * batch;
  return used == rows ? std::to_string(rows) : fmt::format("{} of {}", used, rows);
}

std::vector<HtmlFact> run_facts(const Config& config, Trainer& trainer, const TrainingSet& set) {
  int64_t all = 0, trained = 0;
  for (const auto& parameter : trainer.model()->parameters()) all += parameter.numel();
  for (const auto& [key, parameter] : trainer.parameters()) trained += parameter.numel();
  const TrainOptions& train = config.train;
  return {{"architecture", variant_name(trainer.model()->options())},
          {"checkpoint", config.checkpoint.empty() ? "none, random weights" : config.checkpoint},
          {"parameters", fmt::format("{:.2f} M", static_cast<double>(all) / 1e6)},
          {"trained",
           fmt::format("{:.2f} M ({})", static_cast<double>(trained) / 1e6, word_of(train.trainable, kTrainables))},
          {"objective", word_of(train.objective, kObjectives)},
          {"training sets", names_of(config.train_sets)},
          {"validation sets", names_of(config.valid_sets)},
          {"rows per epoch", rows_text(set.size(), train.batch_size)},
          {"epochs", std::to_string(train.epochs)},
          {"batch size", std::to_string(train.batch_size)},
          {"ranks", std::to_string(trainer.group().size())},
          {"learning rate", fmt::format("{:g}", train.lr)},
          {"device", trainer.model()->device().str()},
          {"precision", runs_in_bf16(train.precision, trainer.device()) ? "bf16" : "fp32"},
          {"seed", std::to_string(train.seed)}};
}

}  // namespace

TrainingMonitor open_monitor(const Config& config, std::vector<NamedDataset> valid, Trainer& trainer,
                             const TrainingSet& set) {
  TrainingMonitorOptions options;
  options.run_folder = config.output;
  options.sets = std::move(valid);
  options.evaluate = validation_options(config);
  options.report = {"Training: " + config.output.filename().string(), run_facts(config, trainer, set),
                    config.train.batch_size, config.evaluate.boundary_dilation};
  return TrainingMonitor(std::move(options));
}

}  // namespace hqsam
