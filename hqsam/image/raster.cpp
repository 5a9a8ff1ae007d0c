// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/raster.h"

#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/image/bytes.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/formats.h"
#include "hqsam/image/orientation.h"

namespace hqsam {
namespace {

Raster decode(std::span<const std::byte> file, const std::string& name) {
  if (is_png(file)) return decode_png(file, name);
  if (is_jpeg(file)) return decode_jpeg(file, name);
  if (is_tiff(file)) return decode_tiff(file, name);
  if (is_gif(file)) return decode_gif(file, name);
  if (is_npy(file)) return decode_npy(file, name);
  if (other_size(file)) return decode_other(file, name);
  refuse_unread(file, name);
}

// RIFF chunks: name, little-endian length, content, padded to an even length; "VP8 " holds a lossy picture.
bool is_lossy_webp(std::span<const std::byte> file) {
  const ByteView view{file, /*big_endian=*/false};
  if (!view.has(0, "RIFF") || !view.has(8, "WEBP")) return false;
  for (uint64_t at = 12; at + 8 <= file.size();) {
    if (view.has(at, "VP8 ")) return true;
    const uint64_t length = view.u32(at + 4);
    at += 8 + length + length % 2;
  }
  return false;
}

// Indices beyond the palette are black, as in other decoders.
template <class Value>
void complete_palette(Raster& raster, const std::vector<Value>& indices) {
  const auto most = static_cast<size_t>(*std::max_element(indices.begin(), indices.end()));
  if (most < raster.palette.size()) return;
  if (raster.warning.empty()) {
    raster.warning = fmt::format("index {} of a palette of {} colours", most, raster.palette.size());
  }
  raster.palette.resize(most + 1);
}

}  // namespace

void check_size(const std::string& name, Size size) {
  if (size.height < 1 || size.width < 1) {
    fail("read_image", "{} states {} x {} pixels (height x width): it is corrupt", name, size.height, size.width);
  }
  if (size.height <= kMaxPixels / size.width) return;
  fail("read_image", "{} states {} x {} pixels (height x width), over the limit of {}: scale it down", name,
       size.height, size.width, kMaxPixels);
}

// Deflate packs at most 1032 to 1, eight pixels to a byte; a JPEG spends at least a bit on 1024 pixels. Other ways of
// packing have no bound for a picture of one colour, but such pictures are small.
void check_length(const std::string& name, Size size, int64_t channels, std::span<const std::byte> file) {
  constexpr int64_t kMaxSamplesPerByte = int64_t{1032} * 8, kSmall = int64_t{1} << 24;
  const bool bounded = is_png(file) || is_jpeg(file);
  const int64_t pixels = size.height * size.width;
  if (!bounded && channels <= kSmall && pixels <= kSmall / channels) return;
  if (pixels / kMaxSamplesPerByte <= static_cast<int64_t>(file.size()) / channels) return;
  fail("read_image", "{} states {} x {} pixels (height x width) but has {} bytes: it is cut off{}", name, size.height,
       size.width, file.size(), bounded ? "" : ", or it shows nothing");
}

Raster decode_raster(std::span<const std::byte> file, const std::string& name) {
  Raster raster = decode(file, name);
  raster.orientation = exif_orientation(file);
  raster.lossy = is_jpeg(file) || is_lossy_webp(file);
  if (raster.palette.empty()) return raster;
  if (const auto* bytes = std::get_if<std::vector<uint8_t>>(&raster.samples)) complete_palette(raster, *bytes);
  if (const auto* words = std::get_if<std::vector<uint16_t>>(&raster.samples)) complete_palette(raster, *words);
  return raster;
}

double sample(const Raster& raster, size_t i) {
  return std::visit([i](const auto& samples) { return static_cast<double>(samples[i]); }, raster.samples);
}

Raster without_palette(Raster raster) {
  if (raster.palette.empty()) return raster;
  std::vector<uint8_t> colors(static_cast<size_t>(raster.height * raster.width * 3));
  std::visit(
      [&](const auto& indices) {
        for (size_t i = 0; i < indices.size(); ++i) {
          std::copy_n(raster.palette[static_cast<size_t>(indices[i])].data(), 3, colors.data() + 3 * i);
        }
      },
      raster.samples);
  raster.samples = std::move(colors);
  raster.channels = 3;
  raster.palette.clear();
  return raster;
}

}  // namespace hqsam
