// SPDX-License-Identifier: Apache-2.0
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

// After <cstdio>, which it leaves to its users to include.
#include <jpeglib.h>
// After <jpeglib.h>.
#include <jerror.h>

#include "hqsam/core/error.h"
#include "hqsam/image/formats.h"
#include "hqsam/image/spare.h"

namespace hqsam {
namespace {

// libjpeg's decompressor. Its errors jump back into the function that called it: those below hold no
// C++ object of their own, and the destructor of this one runs in the caller.
struct Reader {
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];  // why it failed
  char warning[JMSG_LENGTH_MAX];  // the first that was read through
  bool ended_early = false;       // the file had no end marker

  Reader() : info(), errors(), progress(), message(), warning() {}
  ~Reader() { jpeg_destroy_decompress(&info); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
};

[[noreturn]] void stop(j_common_ptr info) {
  auto* reader = static_cast<Reader*>(info->client_data);
  info->err->format_message(info, reader->message);
  std::longjmp(reader->jump, 1);
}

// Ignores warnings that do not affect the pixels, as other decoders do; the first of the others is kept.
void stop_at_damage(j_common_ptr info, int level) {
  if (level >= 0) return;
  auto* reader = static_cast<Reader*>(info->client_data);
  switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
      reader->ended_early = true;
      break;
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM:
    case JWRN_NOT_SEQUENTIAL:
      break;
    default:
      stop(info);
  }
  if (reader->warning[0] == '\0') info->err->format_message(info, reader->warning);
}

// Limits the scans: a small progressive file can contain thousands, each over the whole picture.
void stop_at_many_scans(j_common_ptr info) {
  constexpr int kMaxScans = 200;
  auto* reader = static_cast<Reader*>(info->client_data);
  if (reader->info.input_scan_number <= kMaxScans) return;
  std::snprintf(reader->message, sizeof reader->message, "more than %d scans", kMaxScans);
  std::longjmp(reader->jump, 1);
}

// Reads the header and sets what the rows come out as: gray, RGB or inks. False: see message.
bool begin(Reader& reader, std::span<const std::byte> file) {
  reader.info.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = stop;
  reader.errors.emit_message = stop_at_damage;
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
    reader.info.out_color_space = space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
  }
  jpeg_calc_output_dimensions(&reader.info);
  return true;
}

// Decodes all rows to `pixels`, `stride` bytes apart. False: see message.
bool read_rows(Reader& reader, uint8_t* pixels, int64_t stride) {
  if (setjmp(reader.jump) != 0) return false;
  jpeg_start_decompress(&reader.info);
  while (reader.info.output_scanline < reader.info.output_height) {
    JSAMPROW row = pixels + stride * reader.info.output_scanline;
    jpeg_read_scanlines(&reader.info, &row, 1);
  }
  return true;
}

// Reads to the file's end. An error there is only a warning: the pixels are complete.
void read_end(Reader& reader) {
  if (setjmp(reader.jump) != 0) {
    if (reader.warning[0] == '\0') std::memcpy(reader.warning, reader.message, sizeof reader.warning);
    return;
  }
  jpeg_finish_decompress(&reader.info);
}

// A file without an end marker may lack scans; libjpeg decodes those that are there.
bool lacks_scans(const jpeg_decompress_struct& info) {
  if (info.arith_code) return true;  // the arithmetic decoder invents missing data
  for (int c = 0; c < info.num_components; ++c) {
    if (info.comp_info[c].quant_table == nullptr) return true;  // set when its first scan begins
    for (int k = 0; info.progressive_mode && k < DCTSIZE2; ++k) {
      if (info.coef_bits[c][k] != 0) return true;  // not to the last bit
    }
  }
  return false;
}

// Converts CMYK to RGB. Adobe's files store the inks inverted.
std::vector<uint8_t> cmyk_to_rgb(const std::vector<uint8_t>& cmyk, bool inverted) {
  std::vector<uint8_t> rgb(cmyk.size() / 4 * 3);
  const auto light = [inverted](uint8_t ink) { return inverted ? int{ink} : 255 - ink; };
  for (size_t i = 0; i < cmyk.size() / 4; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      const int product = light(cmyk[4 * i + c]) * light(cmyk[4 * i + 3]);
      rgb[3 * i + c] = static_cast<uint8_t>((product + 127) / 255);
    }
  }
  return rgb;
}

}  // namespace

Size jpeg_size(std::span<const std::byte> file, const std::string& name) {
  Reader reader;
  if (!begin(reader, file)) fail("read_image", "{} is not a sound JPEG: {}", name, reader.message);
  return {reader.info.output_height, reader.info.output_width};
}

Raster decode_jpeg(std::span<const std::byte> file, const std::string& name) {
  Reader reader;
  const auto refuse = [&] { fail("read_image", "{} is not a sound JPEG: {}", name, reader.message); };
  if (!begin(reader, file)) refuse();
  const Size size = {reader.info.output_height, reader.info.output_width};
  check_size(name, size);
  const int64_t components = reader.info.output_components;
  check_length(name, size, 1, file);
  std::vector<uint8_t> pixels = take_spare(static_cast<size_t>(size.height * size.width * components));
  if (!read_rows(reader, pixels.data(), size.width * components)) refuse();
  if (reader.ended_early && lacks_scans(reader.info)) {
    fail("read_image", "{} is not a sound JPEG: it is cut off, some of its scans are missing", name);
  }
  read_end(reader);
  if (components == 4) pixels = cmyk_to_rgb(pixels, reader.info.saw_Adobe_marker != 0);
  Raster raster;
  raster.height = size.height, raster.width = size.width, raster.channels = components == 1 ? 1 : 3;
  raster.samples = std::move(pixels);
  raster.warning = reader.warning;
  if (raster.warning.starts_with("Warning: ")) raster.warning.erase(0, 9);
  return raster;
}

}  // namespace hqsam
