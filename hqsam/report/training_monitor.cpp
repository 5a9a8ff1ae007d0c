// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/training_monitor.h"

#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/report/run_log.h"
#include "hqsam/report/training_validations.h"

namespace hqsam {
namespace {

// Does `work`; what fails, apart from the model itself, is warned of once.
template <class Work>
void attempt(std::set<std::string>& warned, const char* what, Work&& work) {
  try {
    work();
  } catch (const std::runtime_error& error) {
    if (warned.insert(what).second) spdlog::warn("{}: {}; training goes on without", what, error.what());
  }
}

// "gains.hq-sam.mbiou.low" -> "mbiou_low"; the mean is "mbiou".
std::string gain_tag(const std::string& name) {
  const size_t end = name.rfind('.'), begin = name.rfind('.', end - 1);
  const std::string part = name.substr(end + 1);
  return name.substr(begin + 1, end - begin - 1) + (part == "mean" ? "" : "_" + part);
}

bool has_files(const std::filesystem::path& folder) {
  return std::filesystem::exists(folder) && !std::filesystem::is_empty(folder);
}

}  // namespace

TrainingMonitor::TrainingMonitor(TrainingMonitorOptions options) : options_(std::move(options)) {
  if (!options_.sets.empty() && options_.samples > 0) {
    samples_.emplace(options_.run_folder, options_.sets, options_.evaluate, options_.samples);
  }
}

TensorBoardWriter& TrainingMonitor::tensorboard(int64_t purge_step) {
  if (!tensorboard_) {
    const auto folder = options_.run_folder / "tensorboard";
    const bool resumed = has_files(folder);
    tensorboard_ = std::make_unique<TensorBoardWriter>(folder, resumed ? std::optional(purge_step) : std::nullopt);
  }
  return *tensorboard_;
}

// Of the run, before this process has seen a line too: one that was killed during a validation resumes with it.
int64_t TrainingMonitor::last_step() {
  if (!last_step_) {
    last_step_ = 0;
    for (const RunLine& line : read_run_log(options_.run_folder / "metrics.jsonl")) last_step_ = line.step;
  }
  return *last_step_;
}

void TrainingMonitor::line(const nlohmann::ordered_json& json) {
  RunLine line;
  if (!parse_run_line(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace), line)) return;
  last_step_ = line.step;
  const bool is_step = line.type == "step";
  attempt(warned_, "TensorBoard events", [&] {
    std::vector<TensorBoardWriter::Scalar> scalars;
    for (const auto& [name, value] : line.numbers) {
      if (name.starts_with("gains.")) {
        scalars.emplace_back("gain/" + gain_tag(name), value);
        continue;
      }
      if (is_step || line.type == "epoch") scalars.emplace_back((is_step ? "train/" : "epoch/") + name, value);
    }
    for (const auto& [name, value] : without_doubles(line.valid)) scalars.emplace_back("valid/" + name, value);
    tensorboard(is_step ? line.step : line.step + 1).scalars(line.step, scalars);
  });
  if (is_step) return;
  attempt(warned_, "report.html", [&] { write_training_report(options_.run_folder, options_.report); });
}

void TrainingMonitor::validated(SamHq& model) {
  if (samples_) draw(model, last_step(), std::nullopt);
}

void TrainingMonitor::measured_start(SamHq& model) {
  if (samples_ && last_step() == 0) draw(model, 0, MaskKind::kSam);
}

void TrainingMonitor::draw(SamHq& model, int64_t step, std::optional<MaskKind> kind) {
  attempt(warned_, "validation samples", [&] {
    for (const auto& picture : samples_->draw(model, step, kind)) {
      tensorboard(step + 1).image(step, fmt::format("samples/{}_{}", picture.sample, picture.name), picture.image);
    }
  });
}

}  // namespace hqsam
