// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/tiff_kind.h"

#include <charconv>

#include "hqsam/core/error.h"
#include "hqsam/image/formats.h"

namespace hqsam {
namespace {

std::string compression_name(uint32_t compression) {
  switch (compression) {
    case COMPRESSION_OJPEG:
      return "JPEG of the old kind";
    case COMPRESSION_T85:
    case COMPRESSION_T43:
    case COMPRESSION_JBIG:
      return "JBIG";
    case COMPRESSION_JP2000:
    case 33003:
    case 33005:
      return "JPEG 2000";
    case COMPRESSION_LERC:
      return "LERC";
    case COMPRESSION_LZMA:
      return "LZMA";
    case COMPRESSION_ZSTD:
      return "Zstandard";
    case COMPRESSION_WEBP:
      return "WebP";
    case COMPRESSION_JXL:
      return "JPEG XL";
    default:
      return "kind " + std::to_string(compression);
  }
}

void check_compression(const TiffFile& file) {
  const uint32_t compression = file.number(TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  if (compression != COMPRESSION_OJPEG && TIFFIsCODECConfigured(static_cast<uint16_t>(compression)) != 0) return;
  fail("read_image", "{} is a TIFF packed by {}, which hqsam does not read: pack it by deflate or LZW", file.name(),
       compression_name(compression));
}

void check_not_raw(const TiffFile& file, uint32_t photometric) {
  constexpr uint32_t kSubIfds = 330, kDngVersion = 50706;
  const TIFFField* field = TIFFFieldWithTag(file.get(), kSubIfds);
  uint16_t count = 0;
  uint64_t* offsets = nullptr;
  const bool has_others = field != nullptr && TIFFGetField(file.get(), kSubIfds, &count, &offsets) != 0 && count > 0;
  const bool is_preview = has_others && (file.number(TIFFTAG_SUBFILETYPE, 0) & FILETYPE_REDUCEDIMAGE) != 0;
  uint8_t* version = nullptr;
  const bool is_dng = TIFFGetField(file.get(), kDngVersion, &version) != 0;
  if (photometric != PHOTOMETRIC_CFA && !is_preview && !is_dng && !ByteView{file.bytes()}.has(8, "CR")) return;
  fail("read_image", "{} is a camera's raw picture ({}), which hqsam does not read: develop it to JPEG, PNG or TIFF",
       file.name(), is_dng ? "DNG" : "a TIFF of sensor values, such as CR2, NEF or ARW");
}

// An alpha channel counts only as the last one.
bool last_is_alpha(const TiffFile& file) {
  uint16_t count = 0, *kinds = nullptr;
  if (TIFFGetField(file.get(), TIFFTAG_EXTRASAMPLES, &count, &kinds) == 0 || count == 0) return false;
  return kinds[count - 1] == EXTRASAMPLE_ASSOCALPHA || kinds[count - 1] == EXTRASAMPLE_UNASSALPHA;
}

std::optional<double> nodata_of(const TiffFile& file) {
  constexpr uint32_t kGdalNodata = 42113;
  const std::string text = file.text(kGdalNodata);
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string::npos) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data() + begin, text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

void set_sample_format(TiffKind& kind, const TiffFile& file) {
  uint16_t format = SAMPLEFORMAT_UINT;
  TIFFGetFieldDefaulted(file.get(), TIFFTAG_SAMPLEFORMAT, &format);
  switch (format) {
    case SAMPLEFORMAT_UINT:
    case SAMPLEFORMAT_VOID:
      break;
    case SAMPLEFORMAT_INT:
      kind.is_signed = true;
      break;
    case SAMPLEFORMAT_IEEEFP:
      kind.is_float = true;
      break;
    default:
      fail("read_image", "{} is a TIFF of complex numbers, which hqsam does not read", file.name());
  }
}

void set_colors(TiffKind& kind, const TiffFile& file, uint32_t photometric) {
  switch (photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_RGB:
    case PHOTOMETRIC_MASK:
      return;
    case PHOTOMETRIC_MINISWHITE:
      // tifffile writes True as 1 and labels 1 as black, although it means white.
      kind.inverted = kind.bits > 1 || !file.text(TIFFTAG_SOFTWARE).starts_with("tifffile");
      return;
    case PHOTOMETRIC_PALETTE:
      kind.palette = kind.channels == 1 && kind.bits <= 16 && !kind.is_float && !kind.is_signed;
      kind.colors = "palette indices", kind.converted = !kind.palette;
      return;
    case PHOTOMETRIC_YCBCR:
      kind.colors = "YCbCr";
      kind.converted = file.number(TIFFTAG_COMPRESSION, 0) != COMPRESSION_JPEG || kind.separate || kind.channels != 3;
      // libjpeg converts it to RGB.
      if (!kind.converted) TIFFSetField(file.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
      return;
    case PHOTOMETRIC_SEPARATED:
      kind.colors = "inks (CMYK)", kind.converted = true;
      return;
    default:
      break;
  }
  const bool lab = photometric == PHOTOMETRIC_CIELAB || photometric == PHOTOMETRIC_ICCLAB ||
                   photometric == PHOTOMETRIC_ITULAB;  // libtiff's way of showing it is far off
  const bool light = photometric == PHOTOMETRIC_LOGL || photometric == PHOTOMETRIC_LOGLUV;
  fail("read_image", "{} is a TIFF of {}, which hqsam does not read: convert it to RGB", file.name(),
       lab     ? "Lab colours"
       : light ? "logarithmic light"
               : "colours of kind " + std::to_string(photometric));
}

// Checks, before memory is allocated, that the file has enough bytes.
void check_bytes(const TiffKind& kind, const TiffFile& file) {
  check_size(file.name(), kind.size);
  check_length(file.name(), kind.size, kind.channels, file.bytes());
  if (file.number(TIFFTAG_COMPRESSION, COMPRESSION_NONE) != COMPRESSION_NONE || kind.converted) return;
  const double needed = static_cast<double>(kind.size.height) * static_cast<double>(kind.size.width) *
                        static_cast<double>(kind.channels) * kind.bits / 8;
  if (needed <= static_cast<double>(file.bytes().size())) return;
  fail("read_image",
       "{} states {} x {} pixels (height x width) of {} samples of {} bits but has {} bytes: it is cut off",
       file.name(), kind.size.height, kind.size.width, kind.channels, kind.bits, file.bytes().size());
}

}  // namespace

TiffKind tiff_kind(TiffFile& file) {
  const uint32_t photometric = file.number(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
  check_not_raw(file, photometric);
  check_compression(file);
  TiffKind kind;
  kind.size = file.size();
  kind.channels = file.number(TIFFTAG_SAMPLESPERPIXEL, 1);
  kind.bits = static_cast<int>(file.number(TIFFTAG_BITSPERSAMPLE, 1));
  kind.separate = kind.channels > 1 && file.number(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
  if (kind.channels < 1 || kind.bits < 1 || kind.bits > 64) {
    fail("read_image", "{} is a TIFF of {} samples of {} bits a pixel, which hqsam does not read", file.name(),
         kind.channels, kind.bits);
  }
  set_sample_format(kind, file);
  set_colors(kind, file, photometric);
  kind.alpha = kind.channels > 1 && last_is_alpha(file);
  kind.nodata = nodata_of(file);
  check_bytes(kind, file);
  return kind;
}

bool has_more_pages(TiffFile& file) {
  // ImageJ writes large stacks as one page with a description.
  const std::string description = file.text(TIFFTAG_IMAGEDESCRIPTION);
  const size_t images = description.starts_with("ImageJ=") ? description.find("\nimages=") : std::string::npos;
  if (images != std::string::npos && description.compare(images + 8, 2, "1\n") != 0) return true;
  constexpr int kMaxPages = 32;
  for (int page = 0; page < kMaxPages && TIFFReadDirectory(file.get()) != 0; ++page) {
    constexpr uint32_t kOfTheFirst = FILETYPE_REDUCEDIMAGE | FILETYPE_MASK;
    if ((file.number(TIFFTAG_SUBFILETYPE, 0) & kOfTheFirst) == 0) return true;
  }
  return false;
}

}  // namespace hqsam
