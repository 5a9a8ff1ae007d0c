// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/run_state.h"

#include <nlohmann/json.hpp>
#include <set>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

constexpr char kRun[] = "hqsam.run", kChecksum[] = "hqsam.checksum";
constexpr int64_t kVersion = 1;

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

std::string to_json(const RunState& state) {
  nlohmann::ordered_json json = {{"version", kVersion},
                                 {"epoch", state.epoch},
                                 {"rows", state.rows},
                                 {"step", state.step},
                                 {"best_score", nullptr},
                                 {"sums", {state.sums.loss, state.sums.mask, state.sums.dice, state.sums.iou}},
                                 {"config", state.config_fingerprint},
                                 {"files", state.files_fingerprint},
                                 {"frozen", state.frozen_fingerprint}};
  if (state.best_score) json["best_score"] = *state.best_score;
  return json.dump();
}

RunState from_json(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  RunState state;
  state.epoch = json.at("epoch");
  state.rows = json.at("rows");
  state.step = json.at("step");
  if (!json.at("best_score").is_null()) state.best_score = json.at("best_score").get<double>();
  const auto& sums = json.at("sums");
  state.sums = {sums.at(0), sums.at(1), sums.at(2), sums.at(3)};
  state.config_fingerprint = json.at("config");
  state.files_fingerprint = json.at("files");
  state.frozen_fingerprint = json.at("frozen");
  return state;
}

}  // namespace

void save_run_state(const std::filesystem::path& path, const RunState& state, TensorMap tensors) {
  tensors.metadata[kRun] = to_json(state);
  tensors.metadata[kChecksum] = checksum(tensors);
  write_safetensors(path, tensors);
}

SavedRun load_run_state(const std::filesystem::path& path) {
  SavedRun saved;
  saved.tensors = read_safetensors(path);
  const auto& metadata = saved.tensors.metadata;
  if (!metadata.contains(kRun) || !metadata.contains(kChecksum)) {
    fail("load_run_state", "{} is not the state of a training run", path.string());
  }
  const auto json = nlohmann::json::parse(metadata.at(kRun), nullptr, /*allow_exceptions=*/false);
  if (json.is_object() && json.value("version", nlohmann::json()) != kVersion) {
    fail("load_run_state", "{} has format version {}, expected {}: another version of hqsam wrote it", path.string(),
         json.value("version", nlohmann::json()).dump(), kVersion);
  }
  if (checksum(saved.tensors) != metadata.at(kChecksum)) {
    fail("load_run_state", "{} is damaged: its checksum does not fit; start anew with --overwrite", path.string());
  }
  try {
    saved.state = from_json(metadata.at(kRun));
  } catch (const nlohmann::json::exception& error) {
    fail("load_run_state", "{}: its metadata lacks something: {}", path.string(), error.what());
  }
  return saved;
}

uint64_t frozen_fingerprint(Trainer& trainer) {
  const torch::NoGradGuard no_grad;
  std::set<std::string> trained;
  for (const auto& [key, parameter] : trainer.parameters()) trained.insert(key);
  std::string sums;
  const auto add = [&](const std::string& key, const torch::Tensor& tensor) {
    if (trained.contains(key)) return;
    const auto words =
        tensor.contiguous().view(-1).view(tensor.element_size() % 4 == 0 ? torch::kInt32 : torch::kUInt8);
    sums += fmt::format("{} {} {}\n", key, fmt::join(tensor.sizes(), "x"), words.sum().item<int64_t>());
  };
  for (const auto& [key, tensor] : named_tensors(trainer.model())) add(key, tensor);
  return fingerprint(sums);
}

}  // namespace hqsam
