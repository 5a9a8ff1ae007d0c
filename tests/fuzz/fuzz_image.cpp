// SPDX-License-Identifier: Apache-2.0
#include "harness.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/formats.h"

using namespace hqsam;

namespace {

constexpr int64_t kMaxDecoded = 1 << 16;  // pixels

// True where the pixels would be decoded, and would only cost time.
bool is_large(Size size, size_t file_bytes) {
  const int64_t pixels = size.height * size.width;
  return pixels > kMaxDecoded && pixels <= kMaxPixels && pixels / 8192 <= static_cast<int64_t>(file_bytes) + 1;
}

void check_image(const Image& image, std::optional<Size> stated, int64_t channels) {
  fuzz::require(stated && image.size() == *stated && image.channels == channels);
  fuzz::require(static_cast<int64_t>(image.pixels.size()) == image.height * image.width * channels);
  fuzz::touch(std::as_bytes(std::span(image.pixels)));
}

}  // namespace

// Other formats than PNG and JPEG go to OpenCV as they are.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Bytes file = fuzz::as_file(data, size);
  const std::optional<Size> stated = image_header_size(file);
  if (!is_png(file) && !is_jpeg(file)) {
    fuzz::require(!stated);
    return 0;
  }
  if (stated) {
    fuzz::require(stated->height >= 1 && stated->width >= 1);
    if (is_large(*stated, size)) return 0;
  }
  try {
    check_image(decode_image(file, "a file"), stated, 3);
    check_image(decode_gray(file, "a file"), stated, 1);
    if (is_png(file) && stated) check_image(decode_png_indices(file, "a file", *stated), stated, 1);
  } catch (const Error& error) {
    fuzz::check_message(error);
  }
  return 0;
}
