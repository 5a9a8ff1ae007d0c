// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "hqsam/data/data_file.h"

namespace hqsam {

// Whether these are shards: a .tar, a pattern of them, or a folder that holds .tar files and no pictures.
bool names_shards(const std::filesystem::path& images);

// The files of all shards: of one .tar, of a folder's *.tar in order of their names, or of a pattern as WebDataset's
// users write it, name-{000000..000012}.tar or {a,b}.tar. Each name has its shard's name in front, without .tar:
// "000003/sa_1.jpg". Throws Error where a shard is missing, and where the folder has none.
std::vector<DataFile> files_of_shards(const std::filesystem::path& images);

}  // namespace hqsam
