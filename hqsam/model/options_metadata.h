// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "hqsam/model/options.h"

namespace hqsam {

// What a checkpoint's metadata, texts by names, tell about its model under the name hqsam.options.
using Metadata = std::map<std::string, std::string>;

// Metadata for what neither shapes nor SAM's defaults tell about a model; empty where they tell all.
Metadata options_metadata(const SamHqOptions& options);

// The other way round. Throws Error where they are damaged or make no sound model.
void apply_options_metadata(const Metadata& metadata, SamHqOptions& options);

// Which HQ modules a checkpoint has; HQ-SAM's where its metadata do not tell. Throws Error where they are damaged.
HqOptions hq_options_of(const Metadata& metadata);

}  // namespace hqsam
