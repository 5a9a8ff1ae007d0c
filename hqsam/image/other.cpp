// SPDX-License-Identifier: Apache-2.0
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "hqsam/core/error.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/formats.h"

namespace hqsam {
namespace {

// OpenCV's pixels with their channels turned to RGB or RGBA.
template <class Value>
std::vector<Value> values_of(const cv::Mat& pixels, int type) {
  std::vector<Value> values(pixels.total() * static_cast<size_t>(pixels.channels()));
  cv::Mat view(pixels.rows, pixels.cols, CV_MAKETYPE(type, pixels.channels()), values.data());
  if (pixels.channels() == 3) {
    cv::cvtColor(pixels, view, cv::COLOR_BGR2RGB);
  } else if (pixels.channels() == 4) {
    cv::cvtColor(pixels, view, cv::COLOR_BGRA2RGBA);
  } else {
    pixels.convertTo(view, type);
  }
  return values;
}

Raster raster_of(const cv::Mat& pixels, const std::string& name) {
  Raster raster;
  raster.height = pixels.rows, raster.width = pixels.cols, raster.channels = pixels.channels();
  raster.alpha = raster.channels == 4 || raster.channels == 2;
  switch (pixels.depth()) {
    case CV_8U:
      raster.samples = values_of<uint8_t>(pixels, CV_8U);
      break;
    case CV_16U:
      raster.samples = values_of<uint16_t>(pixels, CV_16U);
      break;
    case CV_32F:
      raster.samples = values_of<float>(pixels, CV_32F);
      break;
    default:
      fail("read_image", "{} has samples of OpenCV's type {}, which hqsam does not know", name, pixels.depth());
  }
  return raster;
}

}  // namespace

Raster decode_other(std::span<const std::byte> file, const std::string& name) {
  if (file.size() > INT32_MAX) fail("read_image", "{} has {} bytes, too many for this format", name, file.size());
  const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8U, const_cast<std::byte*>(file.data()));
  cv::Mat pixels;
  try {
    pixels = cv::imdecode(bytes, cv::IMREAD_UNCHANGED | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception& error) {
    fail("read_image", "{} cannot be decoded: {}", name, error.err);
  }
  if (pixels.empty()) fail("read_image", "{} is not a picture of a known format, or it is corrupt", name);
  check_size(name, {pixels.rows, pixels.cols});
  return raster_of(pixels, name);
}

}  // namespace hqsam
