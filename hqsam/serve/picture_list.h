// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hqsam/core/geometry.h"

namespace hqsam {

// Larger pictures are refused by their header.
inline constexpr int64_t kMostPicturePixels = 100'000'000;

struct ListedPicture {
  std::string name;  // within the folder, parted by '/'
  std::filesystem::path path;
  Size size;  // upright
};

struct PictureList {
  std::vector<ListedPicture> pictures;  // in order of their names
  std::vector<std::string> left_out;    // "name: why"
};

// The pictures of a folder and of the folders in it, but for those that begin with a dot and for `output`. Only headers
// are read: what is no picture by its header, too large, or has a name that is no UTF-8, is left out. Throws Error
// where there is no folder, or no picture that can be read.
PictureList list_pictures_to_annotate(const std::filesystem::path& folder, const std::filesystem::path& output);

}  // namespace hqsam
