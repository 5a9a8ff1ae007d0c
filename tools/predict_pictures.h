// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace hqsam {

// Files as given, folders replaced by the pictures in them and in the folders there (not in `output`), in order of
// their names; a file given twice counts once. What a folder holds besides is counted in a warning. Throws Error for a
// folder without pictures, for two pictures of one stem, and where a picture would be overwritten by another's results;
// it begins with the command's name.
std::vector<std::filesystem::path> list_pictures(std::string_view command, const std::vector<std::string>& arguments,
                                                 const std::filesystem::path& output);

// The pictures whose embeddings these files are, PICTURE.safetensors, or that folders hold: their paths without the
// ending. Throws Error for a folder without any, another ending, and two pictures of one stem.
std::vector<std::filesystem::path> list_embeddings(const std::vector<std::string>& arguments);

}  // namespace hqsam
