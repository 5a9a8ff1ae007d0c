// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/image/bytes.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/formats.h"
#include "hqsam/image/orientation.h"

namespace hqsam {
namespace {

std::optional<Size> positive(int64_t height, int64_t width) {
  if (height < 1 || width < 1 || height > INT32_MAX || width > INT32_MAX) return std::nullopt;
  return Size{height, width};
}

// The first chunk is IHDR: length, name, width, height.
std::optional<Size> png_size(Bytes file) {
  const ByteView view{file};
  if (file.size() < 33 || view.u32(8) != 13 || !view.has(12, "IHDR")) return std::nullopt;
  return positive(view.u32(20), view.u32(16));
}

bool is_frame_header(int64_t marker) {  // SOF0 to SOF15 but for DHT, JPG, DAC
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

// Segments up to the frame header: 0xff, marker, two bytes of length that count themselves.
std::optional<Size> jpeg_frame_size(Bytes file) {
  const ByteView view{file};
  for (uint64_t at = next_jpeg_marker(file, 2); at < file.size(); at = next_jpeg_marker(file, at)) {
    const uint8_t marker = view.u8(at + 1);
    at += 2;
    if (is_bare_jpeg_marker(marker)) continue;
    if (marker == 0xd8 || marker == 0xd9 || marker == 0xda) return std::nullopt;
    const uint16_t length = view.u16(at);
    if (is_frame_header(marker) && at + length > file.size()) return std::nullopt;
    if (is_frame_header(marker)) return length < 8 ? std::nullopt : positive(view.u16(at + 3), view.u16(at + 5));
    at += std::max<uint16_t>(length, 2);  // lengths below 2 are invalid and taken as 2
  }
  return std::nullopt;
}

Size stated_size(Bytes file, const std::string& name) {
  if (is_png(file)) {
    if (const auto size = image_header_size(file)) return *size;
    fail("read_image", "{} has a PNG header without a size: it is corrupt", name);
  }
  if (is_jpeg(file)) return jpeg_size(file, name);
  if (is_tiff(file)) return tiff_size(file, name);
  if (is_gif(file)) return gif_size(file, name);
  if (is_npy(file)) return npy_size(file, name);
  if (const auto size = other_size(file)) return *size;
  refuse_unread(file, name);
}

}  // namespace

PictureHeader picture_header(Bytes file, const std::string& name) {
  const Size size = stated_size(file, name);
  check_size(name, size);
  return {size, exif_orientation(file)};
}

bool is_png(Bytes file) { return ByteView{file}.has(0, "\x89PNG\r\n\x1a\n"); }
bool is_jpeg(Bytes file) { return ByteView{file}.has(0, "\xff\xd8\xff"); }
bool is_webp(Bytes file) { return ByteView{file}.has(0, "RIFF") && ByteView{file}.has(8, "WEBP"); }

bool is_tiff(Bytes file) {
  const ByteView little{file, false}, big{file};
  return (little.has(0, "II") && (little.u16(2) == 42 || little.u16(2) == 43)) ||
         (big.has(0, "MM") && (big.u16(2) == 42 || big.u16(2) == 43));
}

bool is_gif(Bytes file) { return ByteView{file}.has(0, "GIF87a") || ByteView{file}.has(0, "GIF89a"); }
bool is_npy(Bytes file) { return ByteView{file}.has(0, "\x93NUMPY"); }

uint64_t next_jpeg_marker(Bytes file, uint64_t at) {
  constexpr std::byte kMark{0xff};
  for (; at + 1 < file.size(); ++at) {
    if (file[at] == kMark && file[at + 1] != kMark && file[at + 1] != std::byte{0}) return at;
  }
  return file.size();
}

bool is_bare_jpeg_marker(uint8_t marker) { return marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7); }

std::optional<Size> image_header_size(Bytes file) {
  if (is_png(file)) return png_size(file);
  if (is_jpeg(file)) return jpeg_frame_size(file);
  return std::nullopt;
}

}  // namespace hqsam
