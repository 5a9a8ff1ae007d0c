// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/codec.h"

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

std::string lower_extension(const std::filesystem::path& path) {
  const std::string extension = lower_case(path.extension().string());
  return extension == ".jpeg" ? ".jpg" : extension;
}

}  // namespace

Image read_image(const std::filesystem::path& path, const PictureOptions& options, PictureNotes* notes) {
  const FileBytes file(path);
  return decode_image(file.bytes(), path.string(), options, notes);
}

Image decode_gray(std::span<const std::byte> file, const std::string& name) {
  const Image rgb = decode_image(file, name, {.orient = false, .range = RangeRule::kFull, .bands = {1}});
  Image gray(rgb.height, rgb.width, 1);
  for (size_t i = 0; i < gray.pixels.size(); ++i) gray.pixels[i] = rgb.pixels[3 * i];
  return gray;
}

Image read_gray(const std::filesystem::path& path) {
  const FileBytes file(path);
  return decode_gray(file.bytes(), path.string());
}

std::string encode_image(const Image& image, const std::string& format, int jpeg_quality) {
  check_image("encode_image", image);
  if (format != ".png" && format != ".jpg") {
    fail("encode_image", "expected the format .png or .jpg, got '{}'", format);
  }
  if (jpeg_quality < 0 || jpeg_quality > 100) {
    fail("encode_image", "expected a JPEG quality from 0 to 100, got {}", jpeg_quality);
  }
  if (format == ".jpg" && std::max(image.height, image.width) > 65500) {
    fail("encode_image", "a JPEG has at most 65500 pixels a side, got {} x {}: write a PNG", image.height, image.width);
  }
  cv::Mat pixels(static_cast<int>(image.height), static_cast<int>(image.width), image.channels == 3 ? CV_8UC3 : CV_8U,
                 const_cast<uint8_t*>(image.pixels.data()));
  if (image.channels == 3) {
    cv::Mat bgr;
    cv::cvtColor(pixels, bgr, cv::COLOR_RGB2BGR);
    pixels = bgr;
  }
  std::vector<uint8_t> bytes;
  try {
    const std::vector<int> options =
        format == ".jpg" ? std::vector<int>{cv::IMWRITE_JPEG_QUALITY, jpeg_quality} : std::vector<int>{};
    if (!cv::imencode(format, pixels, bytes, options)) fail("encode_image", "OpenCV could not write {}", format);
  } catch (const cv::Exception& error) {
    fail("encode_image", "OpenCV could not write {}: {}", format, error.err);
  }
  return {bytes.begin(), bytes.end()};
}

void write_image(const std::filesystem::path& path, const Image& image, int jpeg_quality) {
  const std::string format = lower_extension(path);
  if (format != ".png" && format != ".jpg") {
    fail("write_image", "expected a name that ends in .png, .jpg or .jpeg, got {}", path.string());
  }
  write_file(path, encode_image(image, format, jpeg_quality));
}

}  // namespace hqsam
