// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/boundary_errors.h"

#include "hqsam/core/error.h"
#include "hqsam/mask/boundary.h"

namespace hqsam {

Image boundary_errors(const Image& image, const Mask& prediction, const Mask& truth, double dilation) {
  check_image("boundary_errors", image);
  if (prediction.size() != image.size() || truth.size() != image.size()) {
    fail("boundary_errors", "expected masks of the picture's {} x {}, got {} x {} and {} x {} (height x width)",
         image.height, image.width, prediction.height, prediction.width, truth.height, truth.width);
  }
  const int64_t width = boundary_width(image.size(), dilation);
  const Mask found = boundary_band(prediction, width), wanted = boundary_band(truth, width);
  Image out(image.height, image.width, 3);
  for (size_t i = 0; i < found.pixels.size(); ++i) {
    uint8_t* pixel = out.pixels.data() + 3 * i;
    if (found.pixels[i] != 0 || wanted.pixels[i] != 0) {
      const Color color = found.pixels[i] == wanted.pixels[i] ? kFoundBoundary
                          : found.pixels[i] != 0              ? kFalseBoundary
                                                              : kMissedBoundary;
      std::copy(color.begin(), color.end(), pixel);
      continue;
    }
    for (int64_t c = 0; c < 3; ++c) pixel[c] = image.pixels[i * image.channels + (image.channels == 3 ? c : 0)] / 3;
  }
  return out;
}

}  // namespace hqsam
