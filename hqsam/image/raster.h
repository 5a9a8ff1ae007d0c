// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "hqsam/core/geometry.h"

namespace hqsam {

// A picture file's samples as they are stored, before a rule makes a picture or masks of them: row-major, channels
// interleaved, not yet turned by the orientation tag. Whole numbers of more than 16 bits, or below 0, are int32.
struct Raster {
  int64_t height = 0, width = 0, channels = 0;
  std::variant<std::vector<uint8_t>, std::vector<uint16_t>, std::vector<int32_t>, std::vector<float>> samples;
  std::vector<std::array<uint8_t, 3>> palette;  // RGB; not empty: the one channel holds indices into it
  int bits = 0;                                 // of a whole sample where they are fewer than the type's: 1 = 0 and 1
  std::optional<double> nodata;                 // a GeoTIFF's value for pixels without data
  bool alpha = false;                           // the last channel is opacity
  int orientation = 1;                          // EXIF's, 1 to 8; 1 where the file has none
  bool lossy = false;                           // JPEG and lossy WebP: values are near what was saved, not equal to it
  std::string warning;                          // what the decoder read through ("premature end of JPEG"), or ""

  Size size() const { return {height, width}; }
};

// PNG (1 to 16 bits, gray, palette or colour, with or without alpha), JPEG, TIFF (1 to 32 bits, whole or float, tiles,
// strips and planes, palettes, any number of bands; the first page), GIF (the first frame), NumPy's .npy (2 dimensions,
// or 3 with 1, 3 or 4 channels last; bool, whole or float numbers); WebP, BMP, PNM and JPEG 2000 through OpenCV. Where
// a TIFF says that 0 is white, its whole numbers are turned to the usual sense. `name` stands in messages. Throws Error
// that says what the file is where it cannot be read (HEIC, AVIF, PDF, HTML, a TIFF of an unknown kind, a text, ...),
// where it is cut off or corrupt, and for more than kMaxPixels. The format is told by the first bytes, and no others
// than these are handed to a library. Before memory is taken, the header's size is held against the file's bytes:
// packed without loss of count (BMP, PNM, .npy, plain TIFF) all samples must be there; else, over 16 Mpixels (PNG and
// JPEG: any size), a byte for 8256 pixels.
Raster decode_raster(std::span<const std::byte> file, const std::string& name);

// The value of sample i (pixel * channels + channel) whatever its type.
double sample(const Raster& raster, size_t i);

}  // namespace hqsam
