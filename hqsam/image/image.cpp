// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/image.h"

#include "hqsam/core/error.h"

namespace hqsam {

void check_image(const char* function, const Image& image) {
  const bool sane = image.height >= 1 && image.width >= 1 && (image.channels == 1 || image.channels == 3) &&
                    static_cast<int64_t>(image.pixels.size()) == image.height * image.width * image.channels;
  if (!sane) {
    fail(function, "expected a gray or RGB image, got {} x {} x {} (height x width x channels) in {} bytes",
         image.height, image.width, image.channels, image.pixels.size());
  }
}

Mask threshold_label(const Image& gray) {
  if (gray.channels != 1) fail("threshold_label", "expected a gray image, got {} channels", gray.channels);
  Mask mask(gray.height, gray.width);
  for (size_t i = 0; i < mask.pixels.size(); ++i) mask.pixels[i] = gray.pixels[i] > 128;
  return mask;
}

Image mask_to_gray(const Mask& mask) {
  Image gray(mask.height, mask.width, 1);
  for (size_t i = 0; i < mask.pixels.size(); ++i) gray.pixels[i] = mask.pixels[i] != 0 ? 255 : 0;
  return gray;
}

}  // namespace hqsam
