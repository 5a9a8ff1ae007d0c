// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace hqsam {

// What recognise and find_sets see of folders and JSONs.
bool is_folder(const std::filesystem::path& path);
bool is_file(const std::filesystem::path& path);
std::string ending_of(const std::filesystem::path& path);  // lower case, with its dot

// Entries directly in a folder, sorted, but for hidden ones; none where it is missing.
std::vector<std::filesystem::path> entries(const std::filesystem::path& folder);
std::vector<std::filesystem::path> files_ending(const std::filesystem::path& folder, const std::string& ending);
// The first file of an ending in a folder or the folders in it.
std::optional<std::filesystem::path> first_file(const std::filesystem::path& folder, const std::string& ending);

bool is_voc(const std::filesystem::path& folder);

enum class JsonKind { kCoco, kYtvis, kLabelme, kSa1b, kOther };
// By the keys that it holds, wherever they stand; whoever reads the file then checks it.
JsonKind json_kind(const std::filesystem::path& path);
// The tool that wrote a JSON which hqsam does not read; null where none is known.
const char* other_tool(const std::filesystem::path& path);
[[noreturn]] void refuse_tool(const std::filesystem::path& path, const char* tool);

}  // namespace hqsam
