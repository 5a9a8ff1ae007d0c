// SPDX-License-Identifier: Apache-2.0
#include <csetjmp>
#include <cstdio>
#include <vector>

// After <cstdio>, which it leaves to its users to include.
#include <jpeglib.h>

#include "hqsam/core/error.h"
#include "hqsam/image/formats.h"

namespace hqsam {
namespace {

// libjpeg's decompressor. Its errors jump back into the function that called it: those below hold no
// C++ object of their own, and the destructor of this one runs in the caller.
struct Reader {
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];

  Reader() : info(), errors(), progress(), message() {}
  ~Reader() { jpeg_destroy_decompress(&info); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
};

[[noreturn]] void stop(j_common_ptr info) {
  auto* reader = static_cast<Reader*>(info->client_data);
  info->err->format_message(info, reader->message);
  std::longjmp(reader->jump, 1);
}

void stop_at_warning(j_common_ptr info, int level) {
  if (level < 0) stop(info);
}

// A small progressive file can ask for the whole picture to be gone over thousands of times.
void stop_at_many_scans(j_common_ptr info) {
  constexpr int kMaxScans = 200;
  auto* reader = static_cast<Reader*>(info->client_data);
  if (reader->info.input_scan_number <= kMaxScans) return;
  std::snprintf(reader->message, sizeof reader->message, "more than %d scans", kMaxScans);
  std::longjmp(reader->jump, 1);
}

// Reads the header and sets what the rows come out as. False: see message.
bool begin(Reader& reader, std::span<const std::byte> file, bool gray) {
  reader.info.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = stop;
  reader.errors.emit_message = stop_at_warning;
  reader.info.client_data = &reader;
  if (setjmp(reader.jump) != 0) return false;
  jpeg_create_decompress(&reader.info);
  reader.progress.progress_monitor = stop_at_many_scans;
  reader.info.progress = &reader.progress;
  jpeg_mem_src(&reader.info, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  jpeg_read_header(&reader.info, TRUE);
  const J_COLOR_SPACE space = reader.info.jpeg_color_space;
  if (space == JCS_CMYK || space == JCS_YCCK) {
    reader.info.out_color_space = JCS_CMYK;
  } else {
    reader.info.out_color_space = gray && space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
  }
  jpeg_calc_output_dimensions(&reader.info);
  return true;
}

// Decodes all rows to `pixels`, `stride` bytes apart, and reads on to the file's end. False: see message.
bool read_rows(Reader& reader, uint8_t* pixels, int64_t stride) {
  if (setjmp(reader.jump) != 0) return false;
  jpeg_start_decompress(&reader.info);
  while (reader.info.output_scanline < reader.info.output_height) {
    JSAMPROW row = pixels + stride * reader.info.output_scanline;
    jpeg_read_scanlines(&reader.info, &row, 1);
  }
  jpeg_finish_decompress(&reader.info);
  return true;
}

// Inks to light. Adobe's files hold the inks inverted: as light.
Image cmyk_to_rgb(const std::vector<uint8_t>& cmyk, Size size, bool inverted) {
  Image rgb(size.height, size.width, 3);
  const auto light = [inverted](uint8_t ink) { return inverted ? int{ink} : 255 - ink; };
  for (size_t i = 0; i < cmyk.size() / 4; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      const int product = light(cmyk[4 * i + c]) * light(cmyk[4 * i + 3]);
      rgb.pixels[3 * i + c] = static_cast<uint8_t>((product + 127) / 255);
    }
  }
  return rgb;
}

}  // namespace

Image decode_jpeg(std::span<const std::byte> file, const std::string& name, Size size, int64_t channels) {
  Reader reader;
  const auto refuse = [&] { fail("read_image", "{} is not a sound JPEG: {}", name, reader.message); };
  if (!begin(reader, file, channels == 1)) refuse();
  if (reader.info.output_height != size.height || reader.info.output_width != size.width) {
    fail("read_image", "{} is not a sound JPEG: it states two sizes", name);
  }
  const int64_t components = reader.info.output_components;
  if (components == 4) {
    std::vector<uint8_t> cmyk(static_cast<size_t>(size.height * size.width * 4));
    if (!read_rows(reader, cmyk.data(), size.width * 4)) refuse();
    const Image rgb = cmyk_to_rgb(cmyk, size, reader.info.saw_Adobe_marker != 0);
    return channels == 1 ? first_channel(rgb) : rgb;
  }
  Image image(size.height, size.width, components);
  if (!read_rows(reader, image.pixels.data(), size.width * components)) refuse();
  return channels == 1 && components == 3 ? first_channel(image) : image;
}

}  // namespace hqsam
