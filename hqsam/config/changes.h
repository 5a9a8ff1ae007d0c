// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "hqsam/config/config.h"

namespace hqsam {

// Which keys of what training_fingerprint covers differ from those of the resolved config `before`, a run's
// config.yaml: "train.epochs: 1, now 12; data.train.0.weight: 1, now 2". The first few; "" where none does or the file
// cannot be read.
std::string training_changes(const std::filesystem::path& before, const Config& now);

}  // namespace hqsam
