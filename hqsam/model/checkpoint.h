// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/model/sam_hq.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {

// What a checkpoint holds, read from its keys and shapes alone.
struct CheckpointInfo {
  SamHqOptions options;
  std::string architecture;          // vit_b, vit_l, vit_h, micro or custom
  std::string dialect;               // "SAM" or "HQ-SAM", SysCV's and Meta's key names
  std::string dtype;                 // of most parameters: fp32, fp16, bf16
  int64_t parameters = 0;            // numbers in the model's tensors
  int64_t hq_parameters = 0;         // of these in the five HQ modules
  std::vector<std::string> missing;  // keys the architecture has and the file lacks; HQ's only where it has some
  std::vector<std::string> unknown;  // keys of the file that the architecture lacks
};

// Throws Error, as architecture_of does, when this is no SAM.
CheckpointInfo inspect_checkpoint(const TensorMap& checkpoint);

// What becomes of a SAM checkpoint, which has no HQ modules.
enum class HqModules {
  kFresh,     // they are made from the seed, to be trained
  kRequired,  // that is an Error
  kAsFound,   // the model has none either: SAM alone
};

struct LoadOptions {
  HqModules hq = HqModules::kFresh;
  uint64_t seed = 42;                  // of fresh HQ modules
  std::optional<std::string> variant;  // must match the checkpoint's architecture
};

// An HQ-SAM checkpoint as it is, a SAM checkpoint as options.hq says. fp32 on the CPU, in eval mode, nothing
// requires gradients. Missing keys are an Error that names them, unknown ones a warning.
SamHq load_sam_hq(const std::filesystem::path& path, const LoadOptions& options = {});

// Copies the file's tensors into the model; every key of the model that `wanted` accepts must be there.
void load_tensors(SamHq& model, const TensorMap& checkpoint, bool (*wanted)(const std::string& key) = nullptr);

// The model's tensors with hqsam's metadata (architecture, dialect, version), on the CPU; `wanted` filters keys.
TensorMap checkpoint_of(const SamHq& model, bool (*wanted)(const std::string& key) = nullptr);

}  // namespace hqsam
