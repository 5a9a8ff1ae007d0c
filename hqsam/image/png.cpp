// SPDX-License-Identifier: Apache-2.0
#include <png.h>

#include <array>
#include <bit>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

#include "hqsam/core/error.h"
#include "hqsam/image/formats.h"
#include "hqsam/image/spare.h"

namespace hqsam {
namespace {

// libpng's reader. Its errors jump back into the function that called it: those below hold no C++
// object of their own, and the destructor of this one runs in the caller.
struct Reader {
  png_structp png = nullptr;
  png_infop info = nullptr;
  const std::byte* next = nullptr;
  size_t left = 0;
  std::jmp_buf jump;
  char message[128];
  int color = 0, depth = 0;  // as the file states them

  explicit Reader(std::span<const std::byte> file) : next(file.data()), left(file.size()), jump(), message() {}
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
};

[[noreturn]] void stop(png_structp png, png_const_charp message) {
  auto* reader = static_cast<Reader*>(png_get_error_ptr(png));
  std::snprintf(reader->message, sizeof reader->message, "%s", message);
  std::longjmp(reader->jump, 1);
}

void take_bytes(png_structp png, png_bytep to, size_t count) {
  auto* reader = static_cast<Reader*>(png_get_io_ptr(png));
  if (count > reader->left) png_error(png, "it is cut off");
  std::memcpy(to, reader->next, count);
  reader->next += count;
  reader->left -= count;
}

// Rows come out as stored, a byte or two to a sample.
void set_transforms(Reader& reader) {
  reader.color = png_get_color_type(reader.png, reader.info);
  reader.depth = png_get_bit_depth(reader.png, reader.info);
  if (reader.depth < 8) png_set_packing(reader.png);
  if (reader.depth == 16 && std::endian::native == std::endian::little) png_set_swap(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
}

// Reads the header. False: see message.
bool begin(Reader& reader) {
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, stop, stop);  // warnings are errors
  if (reader.png == nullptr) return false;
  if (setjmp(reader.jump) != 0) return false;
  reader.info = png_create_info_struct(reader.png);
  if (reader.info == nullptr) png_error(reader.png, "out of memory");
  png_set_read_fn(reader.png, &reader, take_bytes);
  png_set_crc_action(reader.png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_set_user_limits(reader.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  // Colour profiles, texts and transparency do not touch the pixels; much software writes bad ones.
  static const png_byte kTransparency[] = "tRNS";
  png_set_keep_unknown_chunks(reader.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_set_keep_unknown_chunks(reader.png, PNG_HANDLE_CHUNK_NEVER, kTransparency, 1);
  png_read_info(reader.png, reader.info);
  set_transforms(reader);
  return true;
}

// Decodes all rows and reads on to the file's end. False: see message.
bool read_rows(Reader& reader, png_bytep* rows) {
  if (setjmp(reader.jump) != 0) return false;
  png_read_image(reader.png, rows);
  png_read_end(reader.png, nullptr);
  return true;
}

std::vector<std::array<uint8_t, 3>> palette_of(Reader& reader) {
  png_colorp colors = nullptr;
  int count = 0;
  if (png_get_PLTE(reader.png, reader.info, &colors, &count) == 0) return {};
  std::vector<std::array<uint8_t, 3>> palette;
  for (int i = 0; i < count; ++i) palette.push_back({colors[i].red, colors[i].green, colors[i].blue});
  return palette;
}

template <class Value>
std::vector<Value> decode_rows(Reader& reader, const std::string& name, Size size, int64_t channels) {
  const auto row_values = static_cast<size_t>(size.width * channels);
  if (png_get_rowbytes(reader.png, reader.info) != row_values * sizeof(Value)) {
    fail("read_image", "{} is not a sound PNG: rows of {} bytes for {} pixels", name,
         png_get_rowbytes(reader.png, reader.info), size.width);
  }
  const size_t count = static_cast<size_t>(size.height) * row_values;
  std::vector<Value> values;
  if constexpr (sizeof(Value) == 1) {
    values = take_spare(count);
  } else {
    values.resize(count);
  }
  std::vector<png_bytep> rows(static_cast<size_t>(size.height));
  for (size_t y = 0; y < rows.size(); ++y) rows[y] = reinterpret_cast<png_bytep>(values.data() + y * row_values);
  if (!read_rows(reader, rows.data())) fail("read_image", "{} is not a sound PNG: {}", name, reader.message);
  return values;
}

}  // namespace

Raster decode_png(std::span<const std::byte> file, const std::string& name) {
  const std::optional<Size> size = image_header_size(file);
  if (!size) fail("read_image", "{} has a PNG header without a size: it is corrupt", name);
  check_size(name, *size);
  check_length(name, *size, 1, file);
  Reader reader(file);
  if (!begin(reader)) fail("read_image", "{} is not a sound PNG: {}", name, reader.message);
  Raster raster;
  raster.height = size->height, raster.width = size->width;
  raster.channels = png_get_channels(reader.png, reader.info);
  const int color = reader.color, depth = reader.depth;
  if (color == PNG_COLOR_TYPE_PALETTE) raster.palette = palette_of(reader);
  if (color == PNG_COLOR_TYPE_GRAY && depth < 8) raster.bits = depth;
  raster.alpha = (color & PNG_COLOR_MASK_ALPHA) != 0;
  if (depth == 16) {
    raster.samples = decode_rows<uint16_t>(reader, name, *size, raster.channels);
  } else {
    raster.samples = decode_rows<uint8_t>(reader, name, *size, raster.channels);
  }
  return raster;
}

}  // namespace hqsam
