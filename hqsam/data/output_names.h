// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hqsam {

// The names for a set's pictures, as convert (convert.h) says. paths: Dataset::path of each.
std::vector<std::string> output_names(const std::vector<std::string>& paths, int64_t* renamed = nullptr);

}  // namespace hqsam
