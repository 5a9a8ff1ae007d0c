// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hqsam/image/image.h"
#include "hqsam/image/raster.h"

namespace hqsam {

inline constexpr int64_t kMaxPixels = int64_t{1} << 28;  // larger headers are refused before decoding

// Size from a PNG's or JPEG's header; nothing for other formats or a header that is not understood.
std::optional<Size> image_header_size(std::span<const std::byte> file);

// What a file says of its picture before it is decoded.
struct PictureHeader {
  Size stored;          // pixels as they lie in the file
  int orientation = 1;  // see orientation.h
};
// By the header alone. Throws Error as decode_raster.
PictureHeader picture_header(std::span<const std::byte> file, const std::string& name);

enum class RangeRule {
  kAuto,   // 8 bits as they are; more bits, whole or float: see docs/data.md
  kFull,   // all of the type's range: 0 to 65535, for floats 0 to 1
  kFixed,  // from low to high
};

// How a file's samples become an 8-bit RGB picture.
struct PictureOptions {
  bool orient = true;  // turned upright as its EXIF tag says; false: pixels as stored
  RangeRule range = RangeRule::kAuto;
  double low = 0, high = 0;    // kFixed: these become 0 and 255
  std::vector<int64_t> bands;  // red, green, blue, counted from 1; empty: the first three, or gray
  void validate() const;
};

// What reading did beside copying 8-bit pixels, for warnings that are given once.
struct PictureNotes {
  int orientation = 1;       // the file's tag, applied or not
  bool stretched = false;    // by kAuto's percentiles, worth a word
  double low = 0, high = 0;  // samples from low to high became 0 to 255
  int64_t bands = 0;         // of the file, where there are more than the picture shows; opacity does not count
  std::string warning;       // the decoder's, see Raster::warning
};

// A picture as RGB, upright. JPEG by libjpeg-turbo, PNG by libpng, TIFF by libtiff, GIF by giflib, the rest by OpenCV;
// opacity is dropped. Throws Error with the path as decode_raster, and for bands that the file lacks. notes may be
// null.
Image read_image(const std::filesystem::path& path, const PictureOptions& options = {}, PictureNotes* notes = nullptr);
// The same from a file in memory; name stands in messages.
Image decode_image(std::span<const std::byte> file, const std::string& name, const PictureOptions& options = {},
                   PictureNotes* notes = nullptr);
// The same of samples that are decoded already.
Image picture_of(Raster raster, const std::string& name, const PictureOptions& options = {},
                 PictureNotes* notes = nullptr);

// One channel of 8 bits, not turned: gray, the first channel of a colour file, a palette's red; more bits by kFull.
Image read_gray(const std::filesystem::path& path);
Image decode_gray(std::span<const std::byte> file, const std::string& name);

// By the extension: .png or .jpg / .jpeg (quality 0 to 100). Written through AtomicFile.
void write_image(const std::filesystem::path& path, const Image& image, int jpeg_quality = 92);
// The same bytes in memory; format is ".png" or ".jpg".
std::string encode_image(const Image& image, const std::string& format, int jpeg_quality = 92);

}  // namespace hqsam
