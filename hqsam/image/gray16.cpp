// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/gray16.h"

#include <opencv2/imgcodecs.hpp>
#include <vector>

#include "hqsam/core/error.h"

namespace hqsam {

std::string encode_gray16(std::span<const uint16_t> values, Size size) {
  if (size.height < 1 || size.width < 1 || std::ssize(values) != size.height * size.width) {
    fail("encode_gray16", "{} values for {} x {} pixels (height x width)", values.size(), size.height, size.width);
  }
  const cv::Mat pixels(static_cast<int>(size.height), static_cast<int>(size.width), CV_16U,
                       const_cast<uint16_t*>(values.data()));
  std::vector<uint8_t> bytes;
  try {
    if (!cv::imencode(".png", pixels, bytes)) fail("encode_gray16", "OpenCV could not write a PNG");
  } catch (const cv::Exception& error) {
    fail("encode_gray16", "OpenCV could not write a PNG: {}", error.err);
  }
  return {bytes.begin(), bytes.end()};
}

}  // namespace hqsam
