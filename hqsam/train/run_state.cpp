// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/run_state.h"

#include <nlohmann/json.hpp>
#include <set>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

constexpr char kRun[] = "hqsam.run", kChecksum[] = "hqsam.checksum";
constexpr int64_t kVersion = 2;

// Over the run's JSON and the tensors' names and bytes, in any order of tensors.
std::string checksum(const TensorMap& map) {
  std::set<std::string> parts;
  for (const auto& [name, tensor] : map.tensors) {
    const auto contiguous = tensor.contiguous();
    const std::string_view bytes(static_cast<const char*>(contiguous.const_data_ptr()), contiguous.nbytes());
    parts.insert(fmt::format("{} {:016x}", name, fingerprint(bytes)));
  }
  return fmt::format("{:016x}", fingerprint(fmt::format("{}\n{}", map.metadata.at(kRun), fmt::join(parts, "\n"))));
}

template <class... Args>
[[noreturn]] void damaged(fmt::format_string<Args...> message, Args&&... args) {
  throw DamagedState(fmt::format("[load_run_state] {}", fmt::format(message, std::forward<Args>(args)...)));
}

// A line with the tensor's key, shape and the sum of its bytes as integers.
std::string sum_of(const std::string& key, const torch::Tensor& tensor) {
  const torch::NoGradGuard no_grad;
  const auto words = tensor.contiguous().view(-1).view(tensor.element_size() % 4 == 0 ? torch::kInt32 : torch::kUInt8);
  return fmt::format("{} {} {}\n", key, fmt::join(tensor.sizes(), "x"), words.sum().item<int64_t>());
}

TensorMap read_tensors_of_state(const std::filesystem::path& path) {
  try {
    return read_safetensors(path);
  } catch (const Error& error) {
    throw DamagedState(error.what());
  }
}

}  // namespace

std::string to_json(const RunState& state) {
  nlohmann::ordered_json json = {{"version", kVersion},
                                 {"epoch", state.epoch},
                                 {"rows", state.rows},
                                 {"step", state.step},
                                 {"best_score", nullptr},
                                 {"best_by", state.best_by},
                                 {"sums", {state.sums.loss, state.sums.mask, state.sums.dice, state.sums.iou}},
                                 {"summed", state.summed},
                                 {"skipped", state.skipped},
                                 {"skipped_in_row", state.skipped_in_row},
                                 {"unread", state.unread},
                                 {"unread_in_epoch", state.unread_in_epoch},
                                 {"timed", {state.timed_rows, state.seconds, state.waited}},
                                 {"validated", state.validated},
                                 {"best_masks", state.best_masks},
                                 {"stale", state.stale},
                                 {"finished", state.finished},
                                 {"config", state.config_fingerprint},
                                 {"files", state.files_fingerprint},
                                 {"frozen", state.frozen_fingerprint}};
  if (state.best_score) json["best_score"] = *state.best_score;
  return json.dump();
}

RunState run_state_from_json(const std::string& text) {
  const auto json = parse_json_object("load_run_state", kRun, text);
  RunState state;
  state.epoch = json.at("epoch");
  state.rows = json.at("rows");
  state.step = json.at("step");
  if (!json.at("best_score").is_null()) state.best_score = json.at("best_score").get<double>();
  state.best_by = json.value("best_by", "");
  const auto& sums = json.at("sums");
  state.sums = {sums.at(0), sums.at(1), sums.at(2), sums.at(3)};
  state.summed = json.at("summed");
  state.skipped = json.at("skipped");
  state.skipped_in_row = json.at("skipped_in_row");
  state.unread = json.value("unread", int64_t{0});
  state.unread_in_epoch = json.value("unread_in_epoch", int64_t{0});
  if (json.contains("timed")) {
    const auto& timed = json.at("timed");
    state.timed_rows = timed.at(0), state.seconds = timed.at(1), state.waited = timed.at(2);
  }
  state.validated = json.at("validated");
  state.best_masks = json.value("best_masks", "");
  state.stale = json.at("stale");
  state.finished = json.at("finished");
  state.config_fingerprint = json.at("config");
  state.files_fingerprint = json.at("files");
  state.frozen_fingerprint = json.at("frozen");
  return state;
}

void save_run_state(const std::filesystem::path& path, const RunState& state, TensorMap tensors) {
  tensors.metadata[kRun] = to_json(state);
  tensors.metadata[kChecksum] = checksum(tensors);
  write_safetensors(path, tensors);
}

SavedRun load_run_state(const std::filesystem::path& path) {
  SavedRun saved;
  saved.tensors = read_tensors_of_state(path);
  const auto& metadata = saved.tensors.metadata;
  if (!metadata.contains(kRun) || !metadata.contains(kChecksum)) {
    damaged("{} is not the state of a training run", path.string());
  }
  if (checksum(saved.tensors) != metadata.at(kChecksum)) damaged("{}: its checksum does not fit", path.string());
  const auto json = json_object_or_nothing(metadata.at(kRun)).value_or(nullptr);
  if (json.is_object() && json.value("version", nlohmann::json()) != kVersion) {
    fail("load_run_state", "{} has format version {}, expected {}: another version of hqsam wrote it", path.string(),
         json_shown(json.value("version", nlohmann::json())), kVersion);
  }
  try {
    saved.state = run_state_from_json(metadata.at(kRun));
  } catch (const nlohmann::json::exception& error) {
    damaged("{}: its metadata lacks something: {}", path.string(), error.what());
  }
  return saved;
}

uint64_t frozen_fingerprint(Trainer& trainer) {
  std::set<std::string> trained;
  for (const auto& [key, parameter] : trainer.parameters()) trained.insert(key);
  std::string sums;
  for (const auto& [key, tensor] : named_tensors(trainer.model())) {
    if (!trained.contains(key)) sums += sum_of(key, tensor);
  }
  return fingerprint(sums);
}

uint64_t trained_fingerprint(Trainer& trainer) {
  std::string sums;
  for (const auto& [key, parameter] : trainer.parameters()) sums += sum_of(key, parameter);
  return fingerprint(sums);
}

}  // namespace hqsam
