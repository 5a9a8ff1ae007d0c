// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/codec.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "image/small_files.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;
using namespace testing_support;

std::span<const std::byte> bytes(const std::string& file) { return std::as_bytes(std::span(file)); }
Image image_of(const std::string& file) { return decode_image(bytes(file), "it"); }
Image gray_of(const std::string& file) { return decode_gray(bytes(file), "it"); }
using Pixels = std::vector<uint8_t>;

const Pixels kRgbPixels = {255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30, 200, 100, 50, 255, 255, 255};
const Pixels kFirstChannel = {255, 0, 0, 10, 200, 255};

// A picture with gradients, a band of noise and a hard edge.
Image picture(int64_t height, int64_t width, int64_t channels) {
  Image image(height, width, channels);
  uint32_t state = 1;
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      for (int64_t c = 0; c < channels; ++c) {
        state = state * 1664525 + 1013904223;
        const int64_t value = y < height / 3 ? state >> 24 : x < width / 2 ? 255 * y / height : 40 * (c + 1);
        image.at(y, x)[c] = static_cast<uint8_t>(value);
      }
    }
  }
  return image;
}

void expect_near(const Image& image, const Pixels& color, int tolerance) {
  for (size_t i = 0; i < image.pixels.size(); ++i) {
    ASSERT_NEAR(image.pixels[i], color[i % color.size()], tolerance) << "value " << i;
  }
}

std::string message_of(const std::string& file) {
  try {
    image_of(file);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST(ReadPng, GivesRgbWithoutAlpha) {
  EXPECT_EQ(image_of(kRgbPng).size(), (Size{2, 3}));
  EXPECT_EQ(image_of(kRgbPng).pixels, kRgbPixels);
  EXPECT_EQ(image_of(kRgbaPng).pixels, kRgbPixels);
}

TEST(ReadPng, GrayOfColourIsTheFirstChannel) {
  EXPECT_EQ(gray_of(kRgbPng).pixels, kFirstChannel);
  EXPECT_EQ(gray_of(kRgbaPng).pixels, kFirstChannel);
  EXPECT_EQ(gray_of(kRgbPng).channels, 1);
}

TEST(ReadPng, ExpandsPalettesToTheirColours) {
  EXPECT_EQ(image_of(kPalettePng).pixels,
            (Pixels{7, 8, 9, 100, 110, 120, 250, 1, 2, 250, 1, 2, 100, 110, 120, 7, 8, 9}));
  EXPECT_EQ(gray_of(kPalettePng).pixels, (Pixels{7, 100, 250, 250, 100, 7}));
}

TEST(ReadPng, ScalesAnyDepthToEightBits) {
  EXPECT_EQ(gray_of(kOneBitPng).pixels, (Pixels{0, 255, 0, 255, 255, 0}));
  EXPECT_EQ(gray_of(kGrayPng).pixels, (Pixels{0, 1, 128, 129, 200, 255}));
  EXPECT_EQ(gray_of(kGray16Png).pixels, (Pixels{0, 1, 128, 254, 127, 255}));
  EXPECT_EQ(image_of(kGrayPng).pixels,
            (Pixels{0, 0, 0, 1, 1, 1, 128, 128, 128, 129, 129, 129, 200, 200, 200, 255, 255, 255}));
}

TEST(ReadPng, DecodesInterlacedFiles) {
  const Image image = image_of(kInterlacedPng);
  ASSERT_EQ(image.size(), (Size{10, 15}));
  for (int64_t y = 0; y < 10; ++y) {
    for (int64_t x = 0; x < 15; ++x) {
      const uint8_t* expected = kRgbPixels.data() + (y / 5 * 3 + x / 5) * 3;
      EXPECT_TRUE(std::equal(expected, expected + 3, image.at(y, x))) << y << ", " << x;
    }
  }
}

TEST(ReadJpeg, DecodesColourGrayAndInks) {
  EXPECT_EQ(image_of(kRgbJpeg).size(), (Size{9, 11}));
  expect_near(image_of(kRgbJpeg), {200, 60, 30}, 2);
  expect_near(gray_of(kRgbJpeg), {200}, 2);
  EXPECT_EQ(image_of(kGrayJpeg).size(), (Size{5, 7}));
  expect_near(image_of(kGrayJpeg), {77, 77, 77}, 1);
  expect_near(gray_of(kGrayJpeg), {77}, 1);
  expect_near(image_of(kCmykJpeg), {191, 94, 0}, 3);
  expect_near(gray_of(kCmykJpeg), {191}, 3);
}

TEST(ReadImage, ReadsOtherFormatsThroughOpenCv) {
  const Image image = picture(20, 30, 3);
  cv::Mat bgr(20, 30, CV_8UC3);
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 30; ++x) {
      const uint8_t* rgb = image.at(y, x);
      bgr.at<cv::Vec3b>(y, x) = {rgb[2], rgb[1], rgb[0]};
    }
  }
  for (const char* format : {".bmp", ".tiff", ".ppm"}) {
    std::vector<uint8_t> encoded;
    ASSERT_TRUE(cv::imencode(format, bgr, encoded));
    const std::string file(encoded.begin(), encoded.end());
    EXPECT_EQ(image_of(file), image) << format;
    const Image gray = gray_of(file);
    for (size_t i = 0; i < gray.pixels.size(); ++i) ASSERT_EQ(gray.pixels[i], image.pixels[3 * i]) << format;
  }
}

TEST(WriteImage, PngRoundTripsExactly) {
  const TemporaryFolder folder;
  for (const int64_t channels : {1, 3}) {
    const Image image = picture(37, 53, channels);
    write_image(folder.path / "a.PNG", image);
    EXPECT_EQ(channels == 3 ? read_image(folder.path / "a.PNG") : read_gray(folder.path / "a.PNG"), image);
  }
}

TEST(WriteImage, JpegQualityIsHeld) {
  const TemporaryFolder folder;
  Image image(64, 64, 3);
  for (int64_t i = 0; i < 64 * 64; ++i) image.at(i / 64, i % 64)[0] = static_cast<uint8_t>(3 * (i / 64) + (i % 64) / 2);
  write_image(folder.path / "a.jpeg", image, 100);
  const Image read = read_image(folder.path / "a.jpeg");
  for (size_t i = 0; i < image.pixels.size(); ++i) ASSERT_NEAR(read.pixels[i], image.pixels[i], 6);
  EXPECT_GT(encode_image(picture(64, 64, 3), ".jpg", 95).size(),
            2 * encode_image(picture(64, 64, 3), ".jpg", 30).size());
}

TEST(WriteImage, RefusesUnknownNamesAndBadImages) {
  const TemporaryFolder folder;
  const Image image = picture(4, 5, 3);
  EXPECT_THROW(write_image(folder.path / "a.gif", image), Error);
  EXPECT_THROW(write_image(folder.path / "a.jpg", image, 101), Error);
  EXPECT_THROW(write_image(folder.path / "a.png", Image()), Error);
  EXPECT_THROW(write_image(folder.path / "a.png", Image(4, 5, 2)), Error);
  EXPECT_THROW(write_image(folder.path / "missing" / "a.png", image), Error);
  EXPECT_THROW(encode_image(Image(1, 70000, 1), ".jpg"), Error);
  EXPECT_TRUE(fs::is_empty(folder.path));
}

TEST(ReadImage, NamesTheFileThatCannotBeRead) {
  const TemporaryFolder folder;
  const fs::path missing = folder.path / "missing.jpg", text = folder.path / "text.jpg", empty = folder.path / "empty";
  write_file(text, "not a picture at all");
  write_file(empty, "");
  for (const fs::path& path : {missing, text, empty, folder.path}) {
    try {
      read_image(path);
      ADD_FAILURE() << path << " was read";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos) << error.what();
    }
  }
}

TEST(ReadImage, RefusesATruncatedFileWhereverItEnds) {
  const Image image = picture(40, 50, 3);
  std::vector<uint8_t> progressive;
  cv::imencode(".jpg", cv::Mat(40, 50, CV_8UC3, const_cast<uint8_t*>(image.pixels.data())), progressive,
               {cv::IMWRITE_JPEG_PROGRESSIVE, 1});
  for (const std::string& file : {encode_image(image, ".png"), encode_image(image, ".jpg"), kInterlacedPng, kGrayJpeg,
                                  std::string(progressive.begin(), progressive.end())}) {
    ASSERT_NO_THROW(image_of(file));
    const size_t end = file.size() - (file[0] == '\x89' ? 1 : 3);  // a JPEG without its end marker is read
    for (size_t length = 0; length<end; length += file.size()> 1000 ? 7 : 1) {
      EXPECT_THROW(image_of(file.substr(0, length)), Error) << length << " of " << file.size();
    }
    EXPECT_THROW(image_of(file.substr(0, end)), Error);
  }
}

TEST(ReadImage, FlippedBytesGiveAnErrorOrAPicture) {
  const Image image = picture(24, 33, 3);
  uint32_t state = 7;
  const auto draw = [&state](size_t below) {
    state = state * 1664525 + 1013904223;
    return static_cast<size_t>(state >> 8) % below;
  };
  for (const std::string& file : {encode_image(image, ".png"), encode_image(image, ".jpg"), kPalettePng, kInterlacedPng,
                                  kGray16Png, kRgbJpeg, kCmykJpeg}) {
    int refused = 0;
    for (int i = 0; i < 400; ++i) {
      std::string broken = file;
      for (size_t k = 0; k <= draw(3); ++k) broken[draw(file.size())] ^= static_cast<char>(1 + draw(255));
      try {
        EXPECT_GT(image_of(broken).pixels.size(), 0u);
      } catch (const Error&) {
        ++refused;
      }
    }
    EXPECT_GT(refused, 0);
  }
}

TEST(ReadPng, ADamagedByteOfPixelsIsAnError) {
  const std::string file = encode_image(picture(24, 33, 3), ".png");
  const size_t data = file.find("IDAT");
  for (size_t at = data + 4; at + 16 < file.size(); at += 11) {
    std::string broken = file;
    broken[at] ^= 0x10;
    EXPECT_THROW(image_of(broken), Error) << at;
  }
}

TEST(ReadImage, RefusesSizesOverTheLimitBeforeDecoding) {
  std::string png = kRgbPng;
  png.replace(16, 8, from_hex("0000753000007530"));  // 30000 x 30000
  EXPECT_NE(message_of(png).find("it states 30000 x 30000 pixels (height x width), over the limit of 268435456"),
            std::string::npos)
      << message_of(png);
  std::string jpeg = kRgbJpeg;
  const size_t frame = jpeg.find("\xff\xc0");
  jpeg.replace(frame + 5, 4, from_hex("75307530"));
  EXPECT_NE(message_of(jpeg).find("over the limit"), std::string::npos) << message_of(jpeg);
  jpeg.replace(frame + 5, 4, from_hex("3a983a98"));  // 15000 x 15000 from 634 bytes
  EXPECT_NE(message_of(jpeg).find("it is cut off"), std::string::npos) << message_of(jpeg);
}

}  // namespace hqsam
