// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace hqsam {

// Files as given, folders replaced by the pictures directly in them, sorted. Throws Error for an empty
// folder, for two pictures of one stem, and where a picture would be overwritten by another's results.
std::vector<std::filesystem::path> list_pictures(const std::vector<std::string>& arguments,
                                                 const std::filesystem::path& output);

}  // namespace hqsam
