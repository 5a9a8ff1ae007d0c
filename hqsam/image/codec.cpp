// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/codec.h"

#include <algorithm>
#include <cctype>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/image/formats.h"
#include "hqsam/image/orientation.h"

namespace hqsam {
namespace {

void check_size(const std::string& name, Size size) {
  if (size.height <= kMaxPixels / size.width) return;
  fail("read_image", "{} states {} x {} pixels (height x width), over the limit of {}: scale it down", name,
       size.height, size.width, kMaxPixels);
}

// Before memory is taken for the pixels: has the file bytes enough for what its header states?
// Deflate packs at most 1032 to 1, eight pixels to a byte; a JPEG spends at least a bit on 1024 pixels.
void check_length(const std::string& name, Size size, std::span<const std::byte> file) {
  constexpr int64_t kMaxPixelsPerByte = 1032 * 8;
  if (size.height * size.width / kMaxPixelsPerByte <= static_cast<int64_t>(file.size())) return;
  fail("read_image", "{} states {} x {} pixels (height x width) but has {} bytes: it is cut off", name, size.height,
       size.width, file.size());
}

Image decode_with_opencv(std::span<const std::byte> file, const std::string& name, int64_t channels) {
  if (file.size() > INT32_MAX) fail("read_image", "{} has {} bytes, too many for this format", name, file.size());
  const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8U, const_cast<std::byte*>(file.data()));
  cv::Mat bgr;
  try {
    bgr = cv::imdecode(bytes, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception& error) {
    fail("read_image", "{} cannot be decoded: {}", name, error.err);
  }
  if (bgr.empty()) fail("read_image", "{} is not a picture of a known format, or it is corrupt", name);
  check_size(name, {bgr.rows, bgr.cols});
  Image rgb(bgr.rows, bgr.cols, 3);
  cv::Mat view(bgr.rows, bgr.cols, CV_8UC3, rgb.pixels.data());
  cv::cvtColor(bgr, view, cv::COLOR_BGR2RGB);
  return channels == 1 ? first_channel(rgb) : rgb;
}

Image decode(std::span<const std::byte> file, const std::string& name, int64_t channels) {
  if (!is_png(file) && !is_jpeg(file)) return decode_with_opencv(file, name, channels);
  const std::optional<Size> size = image_header_size(file);
  if (!size)
    fail("read_image", "{} has a {} header without a size: it is corrupt", name, is_png(file) ? "PNG" : "JPEG");
  check_size(name, *size);
  check_length(name, *size, file);
  return is_png(file) ? decode_png(file, name, *size, channels) : decode_jpeg(file, name, *size, channels);
}

std::string lower_extension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == ".jpeg" ? ".jpg" : extension;
}

}  // namespace

Image first_channel(const Image& rgb) {
  Image gray(rgb.height, rgb.width, 1);
  for (size_t i = 0; i < gray.pixels.size(); ++i) gray.pixels[i] = rgb.pixels[3 * i];
  return gray;
}

void PictureOptions::validate() const {}
Image decode_image(std::span<const std::byte> file, const std::string& name, const PictureOptions& options,
                   PictureNotes* notes) {
  Image image = decode(file, name, 3);
  const int orientation = exif_orientation(file);
  if (notes != nullptr) notes->orientation = orientation;
  return options.orient && orientation != 1 ? upright(image, orientation) : image;
}
Image decode_gray(std::span<const std::byte> file, const std::string& name) { return decode(file, name, 1); }
Image read_image(const std::filesystem::path& path, const PictureOptions& options, PictureNotes* notes) {
  const MappedFile file(path);
  return decode_image(file.bytes(), path.string(), options, notes);
}
Image read_gray(const std::filesystem::path& path) {
  const MappedFile file(path);
  return decode_gray(file.bytes(), path.string());
}

Image read_indices(const std::filesystem::path& path) {
  const MappedFile file(path);
  const std::string name = path.string();
  const std::optional<Size> size = is_png(file.bytes()) ? image_header_size(file.bytes()) : std::nullopt;
  if (!size) fail("read_image", "{} is no PNG, so it holds no palette indices", name);
  check_size(name, *size);
  check_length(name, *size, file.bytes());
  return decode_png_indices(file.bytes(), name, *size);
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
