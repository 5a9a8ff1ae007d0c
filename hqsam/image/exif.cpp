// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>

#include <algorithm>
#include <optional>
#include <string>

#include "hqsam/image/bytes.h"
#include "hqsam/image/formats.h"
#include "hqsam/image/orientation.h"

namespace hqsam {
namespace {

constexpr std::string_view kExif("Exif\0", 5);  // and a filler byte, which is mostly 0

int sane(uint64_t value) { return value >= 1 && value <= 8 ? static_cast<int>(value) : 0; }

// The tag in the first directory of a TIFF, which is what EXIF data is; 0: none.
int tiff_orientation(Bytes tiff) {
  ByteView view{tiff};
  view.big_endian = view.has(0, "MM");
  const bool big = view.u16(2) == 43;  // BigTIFF
  const uint64_t directory = big ? view.u64(8) : view.u32(4);
  const uint64_t entry_size = big ? 20 : 12, first = directory + (big ? 8 : 2);
  if (directory >= tiff.size()) return 0;
  const uint64_t stated = big ? view.u64(directory) : view.u16(directory);
  const uint64_t entries = std::min<uint64_t>(stated, tiff.size() / entry_size);
  for (uint64_t i = 0; i < entries; ++i) {
    const uint64_t at = first + i * entry_size, value = at + (big ? 12 : 8);
    if (view.u16(at) != 0x0112) continue;
    switch (view.u16(at + 2)) {
      case 1:
        return sane(view.u8(value));
      case 3:
        return sane(view.u16(value));
      case 4:
        return sane(view.u32(value));  // not allowed by the standard, but some programs write it
      default:
        return 0;
    }
  }
  return 0;
}

// EXIF data, with or without the leading "Exif" marker.
int exif_data_orientation(Bytes data) {
  const ByteView view{data};
  return tiff_orientation(view.has(0, kExif) ? view.from(kExif.size() + 1) : data);
}

// Of the segments before the pixels: several of them may be EXIF's.
int jpeg_orientation(Bytes file) {
  const ByteView view{file};
  for (uint64_t at = next_jpeg_marker(file, 2); at < file.size(); at = next_jpeg_marker(file, at)) {
    const uint8_t marker = view.u8(at + 1);
    at += 2;
    if (is_bare_jpeg_marker(marker)) continue;
    const uint16_t length = view.u16(at);
    if (marker == 0xd8 || marker == 0xd9 || marker == 0xda) return 0;
    const Bytes payload = view.part(at + 2, std::max<uint16_t>(length, 2) - 2u);
    if (marker == 0xe1 && ByteView{payload}.has(0, kExif)) {
      if (const int orientation = exif_data_orientation(payload)) return orientation;
    }
    at += std::max<uint16_t>(length, 2);
  }
  return 0;
}

std::string inflated(Bytes packed) {
  std::string text(1 << 20, '\0');  // far more than EXIF data has
  uLongf length = text.size();
  // Output before an error is used too: the reader checks it.
  const int result = uncompress(reinterpret_cast<Bytef*>(text.data()), &length,
                                reinterpret_cast<const Bytef*>(packed.data()), packed.size());
  text.resize(result == Z_OK || result == Z_BUF_ERROR ? length : 0);
  return text;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// ImageMagick's text: an empty line, the profile's name, its length in decimal digits, its bytes in hexadecimal ones.
int raw_profile_orientation(std::string_view text) {
  for (int line = 0; line < 3; ++line) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return 0;
    text.remove_prefix(end + 1);
  }
  std::string data;
  int high = -1;
  for (const char c : text) {
    const int digit = hex_digit(c);
    if (digit < 0) continue;
    if (high >= 0) data.push_back(static_cast<char>(high * 16 + digit));
    high = high < 0 ? digit : -1;
  }
  return exif_data_orientation(std::as_bytes(std::span(data)));
}

// A tEXt or zTXt chunk: keyword, a zero byte, (the method of packing,) text.
constexpr size_t kKeywordLength = 21;

bool is_raw_profile(Bytes payload) {
  const ByteView view{payload};
  const bool named = view.has(0, "Raw profile type exif") || view.has(0, "Raw profile type APP1");
  return named && payload.size() > kKeywordLength && view.u8(kKeywordLength) == 0;
}

int png_text_orientation(Bytes payload, bool packed) {
  const ByteView view{payload};
  if (!packed) return raw_profile_orientation(ByteView::text(view.from(kKeywordLength + 1)));
  return raw_profile_orientation(inflated(view.from(kKeywordLength + 2)));
}

// The standard's eXIf chunk has precedence over text chunks.
int png_orientation(Bytes file) {
  const ByteView view{file};
  std::optional<int> of_text;
  for (uint64_t at = 8; at + 12 <= file.size();) {
    const uint64_t length = view.u32(at);
    const Bytes payload = view.part(at + 8, length);
    if (view.has(at + 4, "eXIf")) {
      if (const int orientation = exif_data_orientation(payload)) return orientation;
    }
    const bool packed = view.has(at + 4, "zTXt");
    if (!of_text && (packed || view.has(at + 4, "tEXt")) && is_raw_profile(payload)) {
      of_text = png_text_orientation(payload, packed);
    }
    at += 12 + length;
  }
  return of_text.value_or(0);
}

int webp_orientation(Bytes file) {
  const ByteView view{file, false};
  for (uint64_t at = 12; at + 8 <= file.size();) {
    const uint64_t length = view.u32(at + 4);
    if (view.has(at, "EXIF")) return exif_data_orientation(view.part(at + 8, length));
    at += 8 + length + length % 2;
  }
  return 0;
}

int orientation_or_0(Bytes file) {
  if (is_jpeg(file)) return jpeg_orientation(file);
  if (is_png(file)) return png_orientation(file);
  if (is_webp(file)) return webp_orientation(file);
  return is_tiff(file) ? tiff_orientation(file) : 0;
}

}  // namespace

int exif_orientation(Bytes file) { return std::max(orientation_or_0(file), 1); }

}  // namespace hqsam
