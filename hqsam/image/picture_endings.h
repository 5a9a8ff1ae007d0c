// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace hqsam {

// The endings, in small letters, of files that are taken for pictures where a folder is searched; read_image reads all
// of these formats.
inline constexpr std::string_view kPictureEndings[] = {".jpg",  ".jpeg", ".jfif", ".jpe", ".png",
                                                       ".webp", ".tif",  ".tiff", ".bmp", ".gif",
                                                       ".npy",  ".pgm",  ".ppm",  ".pbm", ".pnm"};

}  // namespace hqsam
