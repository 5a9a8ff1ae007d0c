// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "hqsam/data/data_file.h"

namespace hqsam {

// The files of a tar archive (ustar, GNU, pax), in their order, as its headers tell; the members themselves are not
// read. Names lose "./" and "/" at their front. Names with a part that begins with a dot do not count, as in folders;
// what else is left out is counted in one warning: links, devices, names with ".." or control characters, and of two
// members with one name the first. Throws Error with the path where it is no tar, compressed, cut off (naming the
// member), sparse or of several volumes, and where another archive was put behind its end.
std::vector<DataFile> files_in_tar(const std::filesystem::path& shard);

// What the files of one sample share, WebDataset's rule: the name up to the first dot of its last part.
std::string_view sample_key(std::string_view name);

}  // namespace hqsam
