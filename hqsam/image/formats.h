// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "hqsam/image/codec.h"

namespace hqsam {

// The parts of codec.h by file format. `file` is a whole file, `size` what image_header_size says of it.

bool is_png(std::span<const std::byte> file);
bool is_jpeg(std::span<const std::byte> file);
bool is_webp(std::span<const std::byte> file);
bool is_tiff(std::span<const std::byte> file);

// Where the next marker's 0xff stands at or behind `at`, whatever bytes lie between; the file's size where there is
// none.
uint64_t next_jpeg_marker(std::span<const std::byte> file, uint64_t at);
bool is_bare_jpeg_marker(uint8_t marker);  // without a length behind it

// channels 3: RGB; 1: the first channel. `name` stands in messages. Throw Error on a corrupt or short file.
Image decode_jpeg(std::span<const std::byte> file, const std::string& name, Size size, int64_t channels);
Image decode_png(std::span<const std::byte> file, const std::string& name, Size size, int64_t channels);
Image decode_png_indices(std::span<const std::byte> file, const std::string& name, Size size);

// The first channel of an RGB image.
Image first_channel(const Image& rgb);

}  // namespace hqsam
