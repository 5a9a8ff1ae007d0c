// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "harness.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/formats.h"
#include "hqsam/image/orientation.h"

using namespace hqsam;

namespace {

constexpr int64_t kMaxDecoded = 1 << 16;  // pixels; more only cost time

std::optional<PictureHeader> header_of(fuzz::Bytes file) {
  try {
    return picture_header(file, "a file");
  } catch (const Error& error) {
    fuzz::check_message(error);
    return std::nullopt;
  }
}

void check_raster(const Raster& raster, const std::optional<PictureHeader>& header) {
  fuzz::require(header && raster.size() == header->stored && raster.orientation == header->orientation);
  std::visit(
      [&](const auto& samples) {
        fuzz::require(static_cast<int64_t>(samples.size()) == raster.height * raster.width * raster.channels);
        fuzz::touch(std::as_bytes(std::span(samples)));
      },
      raster.samples);
  fuzz::require(raster.channels == 1 || raster.palette.empty());
  fuzz::touch(raster.warning);
}

void check_picture(const Raster& raster, const PictureOptions& options) {
  const Image image = picture_of(raster, "a file", options);
  fuzz::require(image.channels == 3 && image.size() == upright_size(raster.size(), raster.orientation));
  fuzz::require(static_cast<int64_t>(image.pixels.size()) == image.height * image.width * 3);
  fuzz::touch(std::as_bytes(std::span(image.pixels)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Bytes file = fuzz::as_file(data, size);
  const int orientation = exif_orientation(file);
  fuzz::require(orientation >= 1 && orientation <= 8);
  const std::optional<PictureHeader> header = header_of(file);
  if (header) {
    const Size size_in_file = header->stored;
    fuzz::require(size_in_file.height >= 1 && size_in_file.width >= 1 && header->orientation == orientation);
    if (size_in_file.height * size_in_file.width > kMaxDecoded) return 0;
  }
  try {
    const Raster raster = decode_raster(file, "a file");
    check_raster(raster, header);
    check_picture(raster, {});
    check_picture(raster, {.range = RangeRule::kFixed, .low = 1, .high = 3, .bands = {1}});
  } catch (const Error& error) {
    fuzz::check_message(error);
  }
  return 0;
}
