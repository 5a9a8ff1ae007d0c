// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "hqsam/model/sam_hq.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {

struct HuggingFaceModel {
  TensorMap tensors;  // under SAM's key names, views of the files
  SamHqOptions options;
};

// A folder that transformers' save_pretrained wrote for a SamModel or SamHQModel: config.json and model.safetensors or
// pytorch_model.bin, or shards of these with their index; preprocessor_config.json where there is one. Throws Error
// naming the file or value that is missing, contradicts another, or asks for what this model does not have.
HuggingFaceModel read_huggingface(const std::filesystem::path& folder);

// The same for weights, under transformers' names, of a file of any name: with the configuration in `folder`, or where
// that is empty from the weights' shapes and transformers' defaults.
HuggingFaceModel read_huggingface(const TensorMap& weights, const std::filesystem::path& folder);

// True for a file that the index of shards beside it names.
bool is_huggingface_shard(const std::filesystem::path& file);

inline constexpr int64_t kHuggingFaceShardBytes = 5'000'000'000;  // transformers' own limit was 5 GB for long

// The folder that SamHQModel.from_pretrained (SamModel's without HQ modules) and its processor open; the tensors, under
// SAM's key names, are those of a model with these options, all of one dtype, and go into several files where they
// exceed shard_bytes. The folder appears whole or not at all. Throws Error where something is there already, and for
// TinyViT, which transformers lacks.
void write_huggingface(const std::filesystem::path& folder, const SamHqOptions& options, const TensorMap& tensors,
                       int64_t shard_bytes = kHuggingFaceShardBytes);

}  // namespace hqsam
