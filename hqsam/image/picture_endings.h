// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "hqsam/core/text.h"

namespace hqsam {

// The endings, in small letters, of files that are taken for pictures where a folder is searched; read_image reads all
// of these formats.
inline constexpr std::string_view kPictureEndings[] = {".jpg",  ".jpeg", ".jfif", ".jpe", ".png",
                                                       ".webp", ".tif",  ".tiff", ".bmp", ".gif",
                                                       ".npy",  ".pgm",  ".ppm",  ".pbm", ".pnm"};

// ".JPG" too.
inline bool is_picture_ending(const std::string& ending) {
  return std::ranges::find(kPictureEndings, lower_case(ending)) != std::end(kPictureEndings);
}

}  // namespace hqsam
