// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "hqsam/image/codec.h"

namespace hqsam {

// The parts of raster.h and codec.h by file format.

bool is_png(std::span<const std::byte> file);
bool is_jpeg(std::span<const std::byte> file);
bool is_webp(std::span<const std::byte> file);
bool is_tiff(std::span<const std::byte> file);
bool is_gif(std::span<const std::byte> file);
bool is_npy(std::span<const std::byte> file);
bool is_bmp(std::span<const std::byte> file);
bool is_pnm(std::span<const std::byte> file);

// Where the next marker's 0xff stands at or behind `at`, whatever bytes lie between; the file's size where there is
// none.
uint64_t next_jpeg_marker(std::span<const std::byte> file, uint64_t at);
bool is_bare_jpeg_marker(uint8_t marker);  // without a length behind it

// Throws Error for more than kMaxPixels; check_length where so many samples cannot be in so few bytes, before memory is
// taken for them.
void check_size(const std::string& name, Size size);
void check_length(const std::string& name, Size size, int64_t channels, std::span<const std::byte> file);

// `name` stands in messages. Throw Error on a corrupt or short file. The orientation is left at 1.
Raster decode_jpeg(std::span<const std::byte> file, const std::string& name);
Raster decode_png(std::span<const std::byte> file, const std::string& name);
Raster decode_tiff(std::span<const std::byte> file, const std::string& name);
Raster decode_gif(std::span<const std::byte> file, const std::string& name);
Raster decode_npy(std::span<const std::byte> file, const std::string& name);
Raster decode_other(std::span<const std::byte> file, const std::string& name);  // by OpenCV

// By the header alone.
Size jpeg_size(std::span<const std::byte> file, const std::string& name);
Size tiff_size(std::span<const std::byte> file, const std::string& name);
Size gif_size(std::span<const std::byte> file, const std::string& name);
Size npy_size(std::span<const std::byte> file, const std::string& name);
// Nothing: not of a format that OpenCV is asked to read.
std::optional<Size> other_size(std::span<const std::byte> file);
// The fewest bytes that hold so many pixels in a file that OpenCV reads, by its header; 0 where its way of packing sets
// no such bound.
uint64_t other_least_bytes(std::span<const std::byte> file, Size size);

// Throws Error that says what this file is, which none of the above reads.
[[noreturn]] void refuse_unread(std::span<const std::byte> file, const std::string& name);

// The colours that the samples of a palette's raster stand for; the raster itself where it has no palette.
Raster without_palette(Raster raster);

}  // namespace hqsam
