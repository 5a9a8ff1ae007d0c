// SPDX-License-Identifier: Apache-2.0
#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

#include "hqsam/core/error.h"
#include "hqsam/image/formats.h"

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
  bool indices = false;  // palette indices instead of their colours

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

// Rows come out as 8-bit gray or RGB without alpha.
void set_transforms(Reader& reader) {
  const int color = png_get_color_type(reader.png, reader.info);
  if (reader.indices && color == PNG_COLOR_TYPE_PALETTE) {
    png_set_packing(reader.png);
    png_set_interlace_handling(reader.png);
    png_read_update_info(reader.png, reader.info);
    return;
  }
  if (png_get_bit_depth(reader.png, reader.info) == 16) png_set_scale_16(reader.png);
  if (color == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(reader.png);
  if (color == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(reader.png);
  if ((color & PNG_COLOR_MASK_ALPHA) != 0) png_set_strip_alpha(reader.png);
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

Image gray_to_rgb(const Image& gray) {
  Image rgb(gray.height, gray.width, 3);
  for (size_t i = 0; i < gray.pixels.size(); ++i) std::memset(rgb.pixels.data() + 3 * i, gray.pixels[i], 3);
  return rgb;
}

// The pixels with as many channels as the file's transforms leave.
Image decode(Reader& reader, const std::string& name, Size size) {
  const auto refuse = [&] { fail("read_image", "{} is not a sound PNG: {}", name, reader.message); };
  if (!begin(reader)) refuse();
  const int64_t components = png_get_channels(reader.png, reader.info);
  const auto stride = static_cast<int64_t>(png_get_rowbytes(reader.png, reader.info));
  if (stride != size.width * components || (components != 1 && components != 3)) {
    fail("read_image", "{} is not a sound PNG: rows of {} bytes for {} pixels", name, stride, size.width);
  }
  Image image(size.height, size.width, components);
  std::vector<png_bytep> rows(static_cast<size_t>(size.height));
  for (int64_t y = 0; y < size.height; ++y) rows[static_cast<size_t>(y)] = image.at(y, 0);
  if (!read_rows(reader, rows.data())) refuse();
  return image;
}

}  // namespace

Image decode_png(std::span<const std::byte> file, const std::string& name, Size size, int64_t channels) {
  Reader reader(file);
  Image image = decode(reader, name, size);
  if (channels == image.channels) return image;
  return channels == 1 ? first_channel(image) : gray_to_rgb(image);
}

Image decode_png_indices(std::span<const std::byte> file, const std::string& name, Size size) {
  Reader reader(file);
  reader.indices = true;
  Image image = decode(reader, name, size);
  if (image.channels != 1) fail("read_image", "{} is a PNG of colours, it holds no palette indices", name);
  return image;
}

}  // namespace hqsam
