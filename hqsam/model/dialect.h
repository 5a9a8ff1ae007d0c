// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "hqsam/model/options_metadata.h"
#include "hqsam/model/sam_hq.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {

// A checkpoint of any dialect under SAM's key names. Tensors are views of the file where it allows that.
struct Checkpoint {
  TensorMap tensors;
  SamHqOptions options;  // of the model they belong to; where not whole, the defaults
  std::string dialect;   // e.g. "HQ-SAM", "Hugging Face SamHQModel", "mask decoder alone over SAM"
  bool whole = true;     // false: trained keys without the rest of the model, and no base was given
  std::map<std::string, std::string> assumed = {};  // what the file does not tell, by name, and what is taken for it
};
inline constexpr const char* kAssumedSize = "image size";

// Recognises by content: .pth and safetensors with SAM's or SysCV's key names; what SysCV's trainer saves, a mask
// decoder alone; hqsam's epoch checkpoints, trained keys alone; a folder of Hugging Face transformers (or its
// config.json, or weights with its names, with or without config.json beside them). The tensors may lie in any dict of
// the file, under any prefix (sam_tensors.h). `base` is the whole checkpoint that trained keys belong to; it gives all
// that they lack. Epsilons and the like come from config.json or from hqsam's own metadata, else they are SAM's (of
// Hugging Face's names transformers' defaults); pixel_mean and pixel_std are used where the file has them. Adapters,
// LoRA and other models are an Error that names them. Throws Error with the path in it.
Checkpoint read_checkpoint(const std::filesystem::path& path, const std::filesystem::path& base = {});

// The same for tensors in memory that have SAM's key names.
Checkpoint as_checkpoint(TensorMap tensors);

// SAM, HQ-SAM or "ablation of HQ-SAM", for a checkpoint with SAM's key names.
std::string dialect_name(const SamHqOptions& options);

}  // namespace hqsam
