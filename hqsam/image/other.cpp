// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "hqsam/core/error.h"
#include "hqsam/image/bytes.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/formats.h"

namespace hqsam {
namespace {

thread_local bool muted = false;

// OpenCV tells std::cerr of each file that it cannot decode; so does the Error. Passes on what other threads write.
class Filter : public std::streambuf {
 public:
  explicit Filter(std::streambuf* to) : to_(to) {}

 private:
  int overflow(int c) override {
    return muted || c == traits_type::eof() ? traits_type::not_eof(c) : to_->sputc(static_cast<char>(c));
  }
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    return muted ? count : to_->sputn(text, count);
  }
  int sync() override { return to_->pubsync(); }

  std::streambuf* to_;
};

// While it lives, this thread's OpenCV is silent.
struct Mute {
  Mute() {
    static const bool installed = [] {
      cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
      std::cerr.rdbuf(new Filter(std::cerr.rdbuf()));  // as long as std::cerr: to the end of the process
      return true;
    }();
    muted = installed;
  }
  ~Mute() { muted = false; }
};

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
  const Size size = other_size(file).value_or(Size{});
  check_size(name, size);
  check_length(name, size, 1, file);
  if (is_webp(file) && ByteView{file}.has(12, "VP8X") && (ByteView{file}.u8(20) & 2) != 0) {
    fail("read_image", "{} is an animated WebP, which hqsam does not read: take frames out of it", name);
  }
  const Mute mute;
  const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8U, const_cast<std::byte*>(file.data()));
  cv::Mat pixels;
  try {
    pixels = cv::imdecode(bytes, cv::IMREAD_UNCHANGED | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception&) {
    pixels.release();  // its words are about OpenCV's sources
  }
  if (pixels.empty()) {
    const char* format = is_webp(file) ? "WebP" : is_bmp(file) ? "BMP" : is_pnm(file) ? "PNM" : "JPEG 2000";
    fail("read_image", "{} is not a sound {} picture: it is cut off, corrupt or of a rare kind", name, format);
  }
  if (size != Size{pixels.rows, pixels.cols}) fail("read_image", "{} is corrupt: it states two sizes", name);
  return raster_of(pixels, name);
}

}  // namespace hqsam
