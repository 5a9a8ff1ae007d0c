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

// channels 3: RGB; 1: the first channel. `name` stands in messages. Throw Error on a corrupt or short file.
Image decode_jpeg(std::span<const std::byte> file, const std::string& name, Size size, int64_t channels);
Image decode_png(std::span<const std::byte> file, const std::string& name, Size size, int64_t channels);
Image decode_png_indices(std::span<const std::byte> file, const std::string& name, Size size);

// The first channel of an RGB image.
Image first_channel(const Image& rgb);

}  // namespace hqsam
