// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "hqsam/model/options.h"

namespace hqsam {

// Brings in what config.json says beyond the weights' shapes: epsilons, heads, which blocks attend globally. Values
// that it leaves out are transformers' defaults. Throws Error naming the value where it contradicts the shapes, is of
// the wrong type, or asks for what this model does not have (another activation, no relative positions, ...).
void apply_huggingface_config(const nlohmann::json& config, SamHqOptions& options);

// The same without a config.json: transformers' defaults for what shapes do not tell.
void apply_huggingface_defaults(SamHqOptions& options);

// The picture's mean and deviation in preprocessor_config.json, which are of 0..1 there.
void apply_huggingface_preprocessor(const nlohmann::json& preprocessor, SamHqOptions& options);

// The file of every key, from an index of shards called `name`. Throws Error where it has none, or a file elsewhere.
std::map<std::string, std::string> huggingface_weight_map(const nlohmann::json& index, const std::string& name);

// What transformers needs to build the same model; dtype is its name of the weights' type, e.g. "float16". Throws
// Error for TinyViT, which its SamHQ lacks.
nlohmann::ordered_json huggingface_config(const SamHqOptions& options, const std::string& dtype);
nlohmann::ordered_json huggingface_preprocessor(const SamHqOptions& options);

}  // namespace hqsam
