// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "hqsam/core/error.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/formats.h"
#include "hqsam/image/numbers.h"
#include "hqsam/image/tiff_file.h"
#include "hqsam/image/tiff_kind.h"

namespace hqsam {
namespace {

// Calls row(plane, y, x, bytes, samples) for all runs of samples: whole rows, or rows of a tile.
using Row = std::function<void(int64_t plane, int64_t y, int64_t x, const uint8_t* bytes, int64_t samples)>;

// Samples of one run for each pixel.
int64_t run_channels(const TiffKind& kind) { return kind.separate ? 1 : kind.channels; }

void read_strips(TiffFile& file, const TiffKind& kind, const Row& row) {
  const int64_t samples = kind.size.width * run_channels(kind), bytes = TIFFScanlineSize(file.get());
  if (bytes < (samples * kind.bits + 7) / 8) file.refuse();
  std::vector<uint8_t> line(static_cast<size_t>(bytes));
  for (int64_t plane = 0; plane < (kind.separate ? kind.channels : 1); ++plane) {
    for (int64_t y = 0; y < kind.size.height; ++y) {
      if (TIFFReadScanline(file.get(), line.data(), static_cast<uint32_t>(y), static_cast<uint16_t>(plane)) != 1) {
        file.refuse();
      }
      row(plane, y, 0, line.data(), samples);
    }
  }
}

void read_tiles(TiffFile& file, const TiffKind& kind, const Row& row) {
  const Size tile = {file.number(TIFFTAG_TILELENGTH, 0), file.number(TIFFTAG_TILEWIDTH, 0)};
  check_size(file.name(), tile);
  check_length(file.name(), tile, run_channels(kind), file.bytes());
  const int64_t bytes = TIFFTileSize(file.get()), row_bytes = TIFFTileRowSize(file.get());
  if (row_bytes < (tile.width * run_channels(kind) * kind.bits + 7) / 8 || bytes < row_bytes * tile.height)
    file.refuse();
  std::vector<uint8_t> pixels(static_cast<size_t>(bytes));
  for (int64_t plane = 0; plane < (kind.separate ? kind.channels : 1); ++plane) {
    for (int64_t top = 0; top < kind.size.height; top += tile.height) {
      for (int64_t left = 0; left < kind.size.width; left += tile.width) {
        const auto x = static_cast<uint32_t>(left), y = static_cast<uint32_t>(top);
        if (TIFFReadTile(file.get(), pixels.data(), x, y, 0, static_cast<uint16_t>(plane)) < 0) file.refuse();
        const int64_t columns = std::min(tile.width, kind.size.width - left);
        for (int64_t i = 0; i < std::min(tile.height, kind.size.height - top); ++i) {
          row(plane, top + i, left, pixels.data() + i * row_bytes, columns * run_channels(kind));
        }
      }
    }
  }
}

// All samples; get(bytes, i) gives a run's sample i.
template <class Value, class Get>
std::vector<Value> read_samples(TiffFile& file, const TiffKind& kind, Get get) {
  std::vector<Value> values(static_cast<size_t>(kind.size.height * kind.size.width * kind.channels));
  const int64_t step = kind.separate ? kind.channels : 1;
  const auto put = [&](int64_t plane, int64_t y, int64_t x, const uint8_t* bytes, int64_t samples) {
    Value* out = values.data() + (y * kind.size.width + x) * kind.channels + plane;
    for (int64_t i = 0; i < samples; ++i) out[i * step] = get(bytes, i);
  };
  file.begin_pixels();
  if (TIFFIsTiled(file.get()) != 0) {
    read_tiles(file, kind, put);
  } else {
    read_strips(file, kind, put);
  }
  file.check_pixels();
  return values;
}

// Sample i of `bits` bits each, packed from the highest bit on.
uint32_t packed_bits(const uint8_t* bytes, int64_t i, int bits) {
  uint32_t value = 0;
  for (int64_t at = i * bits; at < (i + 1) * bits; ++at) value = value << 1 | (bytes[at / 8] >> (7 - at % 8) & 1u);
  return value;
}

template <class Number>
auto loaded(const std::string& name) {
  return [&name](const uint8_t* bytes, int64_t i) {
    Number value;
    std::memcpy(&value, bytes + static_cast<size_t>(i) * sizeof value, sizeof value);
    return to_int32(value, name);
  };
}

// Whether samples whose 0 is white are inverted: only unsigned ones, which have a largest value.
bool is_turned(const TiffKind& kind) {
  return kind.inverted && kind.channels == 1 && kind.bits <= 16 && !kind.is_signed && !kind.is_float;
}

void read_whole_numbers(TiffFile& file, const TiffKind& kind, Raster& raster) {
  const std::string& name = file.name();
  const int bits = kind.bits;
  const uint32_t turn = is_turned(kind) ? (1u << bits) - 1 : 0;  // v ^ turn is the most - v
  if (bits < 8 || (bits > 8 && bits < 16)) raster.bits = bits;
  if (kind.is_signed) {
    switch (bits) {
      case 8:
        raster.samples = read_samples<int32_t>(file, kind, loaded<int8_t>(name));
        return;
      case 16:
        raster.samples = read_samples<int32_t>(file, kind, loaded<int16_t>(name));
        return;
      case 32:
        raster.samples = read_samples<int32_t>(file, kind, loaded<int32_t>(name));
        return;
      case 64:
        raster.samples = read_samples<int32_t>(file, kind, loaded<int64_t>(name));
        return;
      default:
        break;
    }
  } else if (bits == 8) {
    raster.samples = read_samples<uint8_t>(
        file, kind, [turn](const uint8_t* bytes, int64_t i) { return static_cast<uint8_t>(bytes[i] ^ turn); });
    return;
  } else if (bits < 8) {
    raster.samples = read_samples<uint8_t>(file, kind, [bits, turn](const uint8_t* bytes, int64_t i) {
      return static_cast<uint8_t>(packed_bits(bytes, i, bits) ^ turn);
    });
    return;
  } else if (bits == 16) {
    raster.samples = read_samples<uint16_t>(file, kind, [turn](const uint8_t* bytes, int64_t i) {
      uint16_t value;
      std::memcpy(&value, bytes + 2 * i, 2);
      return static_cast<uint16_t>(value ^ turn);
    });
    return;
  } else if (bits < 16) {
    raster.samples = read_samples<uint16_t>(file, kind, [bits, turn](const uint8_t* bytes, int64_t i) {
      return static_cast<uint16_t>(packed_bits(bytes, i, bits) ^ turn);
    });
    return;
  } else if (bits == 32) {
    raster.samples = read_samples<int32_t>(file, kind, loaded<uint32_t>(name));
    return;
  } else if (bits == 64) {
    raster.samples = read_samples<int32_t>(file, kind, loaded<uint64_t>(name));
    return;
  }
  fail("read_image", "{} is a TIFF of {}-bit {}whole numbers, which hqsam does not read: convert it to 8 or 16 bits",
       name, bits, kind.is_signed ? "signed " : "");
}

void read_floats(TiffFile& file, const TiffKind& kind, Raster& raster) {
  if (raster.nodata) raster.nodata = to_float(*raster.nodata);  // as the samples are
  if (kind.bits == 32) {
    raster.samples = read_samples<float>(file, kind, [](const uint8_t* bytes, int64_t i) {
      float value;
      std::memcpy(&value, bytes + 4 * i, 4);
      return value;
    });
  } else if (kind.bits == 64) {
    raster.samples = read_samples<float>(file, kind, [](const uint8_t* bytes, int64_t i) {
      double value;
      std::memcpy(&value, bytes + 8 * i, 8);
      return to_float(value);
    });
  } else if (kind.bits == 16) {
    raster.samples = read_samples<float>(file, kind, [](const uint8_t* bytes, int64_t i) {
      uint16_t value;
      std::memcpy(&value, bytes + 2 * i, 2);
      return half_to_float(value);
    });
  } else {
    fail("read_image", "{} is a TIFF of {}-bit floats, which hqsam does not read: convert it to 32 bits", file.name(),
         kind.bits);
  }
}

// Decodes CMYK, and YCbCr that is not JPEG's, by libtiff's RGBA interface: 8-bit RGB.
void read_converted(TiffFile& file, const TiffKind& kind, Raster& raster) {
  char why[1024] = "";
  TIFFRGBAImage image;
  std::vector<uint32_t> pixels(static_cast<size_t>(kind.size.height * kind.size.width));
  file.begin_pixels();
  if (TIFFRGBAImageOK(file.get(), why) == 0 || TIFFRGBAImageBegin(&image, file.get(), 1, why) == 0) {
    fail("read_image", "{} is a TIFF of {} that hqsam does not read ({} bits, {} samples a pixel): convert it to RGB",
         file.name(), kind.colors, kind.bits, kind.channels);
  }
  image.orientation = image.req_orientation = ORIENTATION_TOPLEFT;  // as stored
  const int result = TIFFRGBAImageGet(&image, pixels.data(), image.width, image.height);
  TIFFRGBAImageEnd(&image);
  if (result == 0) file.refuse();
  file.check_pixels();
  std::vector<uint8_t> rgb(pixels.size() * 3);
  for (size_t i = 0; i < pixels.size(); ++i) {
    rgb[3 * i] = static_cast<uint8_t>(TIFFGetR(pixels[i]));
    rgb[3 * i + 1] = static_cast<uint8_t>(TIFFGetG(pixels[i]));
    rgb[3 * i + 2] = static_cast<uint8_t>(TIFFGetB(pixels[i]));
  }
  raster.channels = 3;
  raster.samples = std::move(rgb);
}

// Colours are 16 bits wide; some software writes 8-bit ones.
void read_palette(TiffFile& file, const TiffKind& kind, Raster& raster) {
  uint16_t *red = nullptr, *green = nullptr, *blue = nullptr;
  if (TIFFGetField(file.get(), TIFFTAG_COLORMAP, &red, &green, &blue) == 0) {
    fail("read_image", "{} is a TIFF of palette indices without a palette", file.name());
  }
  const size_t count = size_t{1} << kind.bits;
  const auto wide = [count](const uint16_t* colors) {
    return std::any_of(colors, colors + count, [](uint16_t value) { return value > 255; });
  };
  const int shift = wide(red) || wide(green) || wide(blue) ? 8 : 0;
  const auto narrow = [shift](uint16_t value) { return static_cast<uint8_t>(value >> shift); };
  for (size_t i = 0; i < count; ++i) raster.palette.push_back({narrow(red[i]), narrow(green[i]), narrow(blue[i])});
  raster.bits = 0;
}

}  // namespace

Raster decode_tiff(std::span<const std::byte> bytes, const std::string& name) {
  TiffFile file(bytes, name);
  const TiffKind kind = tiff_kind(file);
  Raster raster;
  raster.height = kind.size.height, raster.width = kind.size.width, raster.channels = kind.channels;
  raster.alpha = kind.alpha;
  raster.nodata = kind.nodata;
  if (kind.converted) {
    raster.alpha = false;
    read_converted(file, kind, raster);
  } else if (kind.is_float) {
    read_floats(file, kind, raster);
  } else {
    read_whole_numbers(file, kind, raster);
  }
  if (kind.palette) read_palette(file, kind, raster);
  if (kind.inverted && !is_turned(kind)) raster.warning = "0 is meant to be white; the values are taken as they are";
  if (has_more_pages(file)) raster.warning = "it has several pages: the first is read";
  return raster;
}

Size tiff_size(std::span<const std::byte> bytes, const std::string& name) {
  TiffFile file(bytes, name);
  return tiff_kind(file).size;
}

}  // namespace hqsam
