// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "hqsam/core/error.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/formats.h"
#include "image/made_files.h"

// WebP, BMP, PNM and JPEG 2000.
namespace hqsam {
namespace {

using Bytes8 = std::vector<uint8_t>;

std::span<const std::byte> bytes(const std::string& file) { return std::as_bytes(std::span(file)); }

std::string message_of(const std::string& file) {
  try {
    decode_raster(bytes(file), "it");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

template <class Number>
std::string le(Number number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

struct Bmp {
  int32_t width = 2, height = 2;
  uint16_t bits = 24;
  uint32_t packing = 0;
  std::string palette, pixels;
  uint32_t header = 40;

  std::string file() const {
    const uint32_t offset = 14 + header + static_cast<uint32_t>(palette.size());
    std::string made = "BM" + le(static_cast<uint32_t>(offset + pixels.size())) + le(uint32_t{0}) + le(offset);
    made += le(header);
    if (header == 12) {
      made += le(static_cast<uint16_t>(width)) + le(static_cast<uint16_t>(height)) + le(uint16_t{1}) + le(bits);
    } else {
      made += le(width) + le(height) + le(uint16_t{1}) + le(bits) + le(packing) + le(uint32_t{0}) + le(0) + le(0);
      made += le(static_cast<uint32_t>(palette.size() / 4)) + le(uint32_t{0}) + std::string(header - 40, '\0');
    }
    return made + palette + pixels;
  }
};

void expect_values(const std::string& file, int64_t channels, const Bytes8& right) {
  const Raster raster = decode_raster(bytes(file), "it");
  EXPECT_EQ(raster.channels, channels);
  EXPECT_EQ(std::get<Bytes8>(raster.samples), right);
  EXPECT_EQ(picture_header(bytes(file), "it").stored, raster.size());
}

const std::string kFour = {0, 0, 0, 0, 10, 20, 30, 0};  // two colours: blue, green, red, nothing
const std::string kGrayFour = {0, 0, 0, 0, 99, 99, 99, 0};

TEST(Bmp, OfEveryKindComesOutInOrder) {
  // The last row is the first.
  expect_values(Bmp{.pixels = std::string("\1\2\3\4\5\6\0\0\7\10\11\12\13\14\0\0", 16)}.file(), 3,
                {9, 8, 7, 12, 11, 10, 3, 2, 1, 6, 5, 4});
  expect_values(Bmp{.height = -2, .pixels = std::string("\1\2\3\4\5\6\0\0\7\10\11\12\13\14\0\0", 16)}.file(), 3,
                {3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10});
  expect_values(Bmp{.bits = 8, .palette = kFour, .pixels = std::string("\1\0\0\0\0\1\0\0", 8)}.file(), 3,
                {0, 0, 0, 30, 20, 10, 30, 20, 10, 0, 0, 0});
  expect_values(Bmp{.bits = 8, .palette = kGrayFour, .pixels = std::string("\1\0\0\0\0\1\0\0", 8)}.file(), 1,
                {0, 99, 99, 0});
  expect_values(Bmp{.bits = 1, .palette = kGrayFour, .pixels = std::string("\x80\0\0\0\x40\0\0\0", 8)}.file(), 1,
                {0, 99, 99, 0});
  // Two runs, each with an end of its row.
  expect_values(Bmp{.bits = 8, .packing = 1, .palette = kGrayFour, .pixels = std::string("\2\1\0\0\2\0\0\1", 8)}.file(),
                1, {0, 0, 99, 99});
  expect_values(Bmp{.pixels = std::string("\1\2\3\4\5\6\0\0\7\10\11\12\13\14\0\0", 16), .header = 12}.file(), 3,
                {9, 8, 7, 12, 11, 10, 3, 2, 1, 6, 5, 4});
}

TEST(Bmp, IsRefusedByItsHeaderWhereItsRowsCannotBeThere) {
  for (const uint16_t bits : {1, 4, 8, 16, 24, 32}) {
    const std::string file = Bmp{.width = 4000, .height = 4000, .bits = bits, .pixels = std::string(1000, '\0')}.file();
    EXPECT_TRUE(contains(message_of(file), "bytes or more, but has 1054 bytes: it is cut off")) << bits;
  }
  const std::string packed = Bmp{.width = 16000,
                                 .height = 16000,
                                 .bits = 8,
                                 .packing = 1,
                                 .palette = kGrayFour,
                                 .pixels = std::string(1000, '\0')}
                                 .file();
  EXPECT_TRUE(contains(message_of(packed), "it is cut off, or it shows nothing")) << message_of(packed);
  EXPECT_TRUE(contains(message_of(Bmp{.width = 30000, .height = 30000}.file()), "over the limit"));
}

TEST(Pnm, IsRefusedByItsHeaderWhereItsSamplesCannotBeThere) {
  const std::pair<const char*, const char*> files[] = {
      {"P1 4000 4000\n0", "16000000 bytes"},     {"P2 4000 4000 255\n0", "31999999 bytes"},
      {"P3 4000 4000 255\n0", "95999999 bytes"}, {"P4 4000 4000\n0", "2000000 bytes"},
      {"P5 4000 4000 255\n0", "16000000 bytes"}, {"P6 4000 4000 65535\n0", "96000000 bytes"}};
  for (const auto& [file, least] : files) EXPECT_TRUE(contains(message_of(file), least)) << message_of(file);
}

TEST(Pnm, OfEveryKindComesOutInOrder) {
  expect_values("P1\n2 2\n0 1 1 0", 1, {255, 0, 0, 255});
  expect_values("P4\n2 2\n\x40\x80", 1, {255, 0, 0, 255});
  expect_values("P2\n2 1\n255\n7 9 ", 1, {7, 9});
  expect_values("P3\n1 1\n255\n7 8 9 ", 3, {7, 8, 9});
  expect_values("P6\n1 1\n255\nabc", 3, {'a', 'b', 'c'});
}

// OpenCV hands what its reader of WebP refuses to others, of which one knows DICOM by its 129th byte.
TEST(OtherFormats, GoToNoReaderBesideTheirOwn) {
  std::string file =
      "RIFF" + std::string(4, '\0') + "WEBPVP8L" + std::string(4, '\0') + "\x2f" + std::string(200, '\1');
  file.replace(128, 4, "DICM");
  EXPECT_TRUE(contains(message_of(file), "is not a sound WebP picture")) << message_of(file);
  std::string jp2("\0\0\1\x0cjP  \r\n\x87\n", 12);  // of another length
  EXPECT_FALSE(other_size(bytes(jp2)).has_value());
}

// A damaged file, whatever its format, is one Error with its name, and nothing else is printed.
TEST(OtherFormats, ArePrintedAboutInOurWordsAlone) {
  cv::Mat pixels(90, 110, CV_8UC3);
  cv::randu(pixels, 0, 255);
  std::vector<std::string> files;
  for (const char* format : {".bmp", ".jp2", ".tiff", ".webp", ".ppm"}) {
    std::vector<uint8_t> encoded;
    ASSERT_TRUE(cv::imencode(format, pixels, encoded)) << format;
    files.emplace_back(encoded.begin(), encoded.end());
  }
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  int refused = 0;
  for (const std::string& whole : files) {
    for (size_t i = 0; i < 200; ++i) {
      std::string file = whole.substr(0, i % 2 == 0 ? whole.size() : whole.size() * (i + 1) / 201);
      if (i % 2 == 0) file[(i * 37) % std::min<size_t>(file.size(), 400)] ^= static_cast<char>(1 + i);
      const std::string message = message_of(file);
      if (message == "no error") continue;
      EXPECT_TRUE(message.starts_with("[read_image] it ")) << message;
      ++refused;
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_GT(refused, 300);
}

}  // namespace
}  // namespace hqsam
