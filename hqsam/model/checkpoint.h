// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/model/dialect.h"
#include "hqsam/model/sam_hq.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {

// What a checkpoint holds. Trained keys alone (whole = false) have the defaults as options, no architecture, and
// nothing missing or unknown: that is their base's affair.
struct CheckpointInfo {
  SamHqOptions options;
  bool whole = true;
  std::string architecture;                    // a variant's name or custom
  std::string dialect;                         // whose key names, see read_checkpoint
  std::string dtype;                           // of most parameters: fp32, fp16, bf16
  int64_t parameters = 0;                      // numbers in the model's tensors
  int64_t hq_parameters = 0;                   // of these in the HQ modules
  std::vector<std::string> missing;            // keys the architecture has and the file lacks; HQ's where it has some
  std::vector<std::string> unknown;            // keys of the file that the architecture lacks, without bookkeeping
  std::vector<std::string> reshaped;           // "'key' is [..], not [..]": other shapes than the architecture's
  std::map<std::string, std::string> nearest;  // of unknown keys: the name that may be meant; of missing: the other way
  std::map<std::string, std::string> assumed;  // what the file does not tell, by name: Checkpoint::assumed
};

CheckpointInfo inspect_checkpoint(const Checkpoint& checkpoint);
// The same for tensors that have SAM's key names. Throws Error, as architecture_of does, when this is no SAM.
CheckpointInfo inspect_checkpoint(const TensorMap& tensors);

// Tensors with NaN or infinite numbers, and how many. Reads every number once.
std::vector<std::pair<std::string, int64_t>> not_finite(const TensorMap& tensors);

// What becomes of a SAM checkpoint, which has no HQ modules.
enum class HqModules {
  kFresh,     // they are made from the seed, to be trained
  kRequired,  // that is an Error
  kAsFound,   // the model has none either: SAM alone
};

struct LoadOptions {
  HqModules hq = HqModules::kFresh;
  uint64_t seed = 42;                   // of fresh HQ modules
  std::optional<HqOptions> hq_options;  // which modules; where the checkpoint has some, they must be these
  std::optional<std::string> variant;   // must match the checkpoint's architecture
  std::filesystem::path base;           // the whole checkpoint that trained keys belong to; else empty
  bool weights_alone = false;           // of Hugging Face's SamHQModel: MaskDecoderOptions::like_transformers stays off
  std::optional<int64_t> image_size;    // pixels; other than the checkpoint's, it is resized (resize_checkpoint.h)
};

// A checkpoint of any dialect (read_checkpoint): an HQ-SAM as it is, a SAM as options.hq says. fp32 on the CPU, in eval
// mode, nothing requires gradients. fp32 weights are the memory that the file was read into: loading takes no other
// beside it. Missing keys, unknown ones and numbers that are not finite are an Error that names them. What the file
// does not tell and is assumed is logged.
SamHq load_sam_hq(const std::filesystem::path& path, const LoadOptions& options = {});

// Gives the model the map's tensors: their very memory where type and device agree, else copies. Every key of the model
// that `wanted` accepts must be there.
void load_tensors(SamHq& model, const TensorMap& checkpoint, bool (*wanted)(const std::string& key) = nullptr);

// The model's tensors, low-rank terms added, with hqsam's metadata (architecture, dialect, version, ...), on the CPU;
// `wanted` filters keys.
TensorMap checkpoint_of(const SamHq& model, bool (*wanted)(const std::string& key) = nullptr);

}  // namespace hqsam
