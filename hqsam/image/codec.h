// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "hqsam/image/image.h"

namespace hqsam {

inline constexpr int64_t kMaxPixels = int64_t{1} << 28;  // larger headers are refused before decoding

// Size from a PNG's or JPEG's header; nothing for other formats or a header that is not understood.
std::optional<Size> image_header_size(std::span<const std::byte> file);

// Decode to RGB or to gray (a mask: the first channel of a colour file, palettes expanded).
// JPEG by libjpeg-turbo, PNG by libpng, the rest by OpenCV. The orientation tag is not applied, so
// that pictures and masks stay pixel to pixel. Throws Error with the path: missing, not a picture,
// corrupt or cut off (decoders' warnings are errors too; texts and colour profiles of a PNG are passed over),
// more than kMaxPixels.
Image read_image(const std::filesystem::path& path);
Image read_gray(const std::filesystem::path& path);
// A PNG's palette indices, or the values of a gray one, as they are stored. Throws Error for other files too.
Image read_indices(const std::filesystem::path& path);
// The same from a file in memory; name stands in messages.
Image decode_image(std::span<const std::byte> file, const std::string& name);
Image decode_gray(std::span<const std::byte> file, const std::string& name);

// By the extension: .png or .jpg / .jpeg (quality 0 to 100). Written through AtomicFile.
void write_image(const std::filesystem::path& path, const Image& image, int jpeg_quality = 92);
// The same bytes in memory; format is ".png" or ".jpg".
std::string encode_image(const Image& image, const std::string& format, int jpeg_quality = 92);

}  // namespace hqsam
