// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "hqsam/image/formats.h"

namespace hqsam {
namespace {

using Bytes = std::span<const std::byte>;

int64_t big_endian(Bytes bytes) {
  int64_t value = 0;
  for (const std::byte byte : bytes) value = value * 256 + std::to_integer<int64_t>(byte);
  return value;
}

template <size_t kCount>
bool begins_with(Bytes file, const std::array<uint8_t, kCount>& magic) {
  return file.size() >= kCount &&
         std::equal(magic.begin(), magic.end(), file.begin(), [](uint8_t a, std::byte b) { return std::byte{a} == b; });
}

std::optional<Size> positive(int64_t height, int64_t width) {
  if (height < 1 || width < 1 || height > INT32_MAX || width > INT32_MAX) return std::nullopt;
  return Size{height, width};
}

// The first chunk is IHDR: length, name, width, height.
std::optional<Size> png_size(Bytes file) {
  constexpr int64_t kIhdr = 0x49484452;
  if (file.size() < 33 || big_endian(file.subspan(8, 4)) != 13 || big_endian(file.subspan(12, 4)) != kIhdr) {
    return std::nullopt;
  }
  return positive(big_endian(file.subspan(20, 4)), big_endian(file.subspan(16, 4)));
}

bool is_frame_header(int64_t marker) {  // SOF0 to SOF15 but for DHT, JPG, DAC
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

// Segments up to the frame header: 0xff, marker, two bytes of length that count themselves.
std::optional<Size> jpeg_size(Bytes file) {
  size_t at = 2;
  while (at + 4 <= file.size()) {
    if (file[at] != std::byte{0xff}) return std::nullopt;
    const auto marker = std::to_integer<int64_t>(file[at + 1]);
    if (marker == 0xff) {  // filler
      ++at;
      continue;
    }
    const bool bare = marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7);
    if (bare) {
      at += 2;
      continue;
    }
    if (marker == 0x00 || marker == 0xd8 || marker == 0xd9 || marker == 0xda) return std::nullopt;
    const int64_t length = big_endian(file.subspan(at + 2, 2));
    if (length < 2 || at + 2 + static_cast<size_t>(length) > file.size()) return std::nullopt;
    if (is_frame_header(marker)) {
      if (length < 8) return std::nullopt;
      return positive(big_endian(file.subspan(at + 5, 2)), big_endian(file.subspan(at + 7, 2)));
    }
    at += 2 + static_cast<size_t>(length);
  }
  return std::nullopt;
}

}  // namespace

bool is_png(Bytes file) {
  return begins_with(file, std::array<uint8_t, 8>{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
}

bool is_jpeg(Bytes file) { return begins_with(file, std::array<uint8_t, 3>{0xff, 0xd8, 0xff}); }

std::optional<Size> image_header_size(Bytes file) {
  if (is_png(file)) return png_size(file);
  if (is_jpeg(file)) return jpeg_size(file);
  return std::nullopt;
}

}  // namespace hqsam
