// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

namespace hqsam {

// Tell before long work that its results could not be written, and not after it. They make nothing that stays: a
// folder that is not there yet is looked for in the one that will hold it. Throw Error with the path and the reason.
void require_writable_folder(std::string_view function, const std::filesystem::path& folder);
void require_writable_file(std::string_view function, const std::filesystem::path& file);

// The folder itself, or the nearest one above it that is there. Throws Error where none can hold it.
std::filesystem::path existing_folder(std::string_view function, const std::filesystem::path& folder);

}  // namespace hqsam
