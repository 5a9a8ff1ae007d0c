// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/orientation.h"

#include <gtest/gtest.h>

#include "hqsam/core/error.h"
#include "hqsam/image/codec.h"
#include "image/small_files.h"

namespace hqsam {
namespace {

using namespace testing_support;
using Pixels = std::vector<uint8_t>;

std::span<const std::byte> bytes(const std::string& file) { return std::as_bytes(std::span(file)); }

// EXIF data with one tag: a directory of one entry behind a header of 8 bytes.
std::string exif_of(int orientation, bool big_endian = true) {
  const std::string digit = std::to_string(orientation);
  return from_hex(big_endian ? "4d4d002a0000000800010112000300000001000" + digit + "000000000000"
                             : "49492a0008000000010012010300010000000" + digit + "00000000000000");
}

std::string big_endian(size_t value, int count) {
  std::string digits;
  for (int i = count - 1; i >= 0; --i) digits.push_back(static_cast<char>(value >> (8 * i)));
  return digits;
}

std::string app1(const std::string& payload) { return "\xff\xe1" + big_endian(payload.size() + 2, 2) + payload; }
const std::string kName("Exif\0\0", 6);

std::string jpeg_with(const std::string& segments) { return kRgbJpeg.substr(0, 2) + segments + kRgbJpeg.substr(2); }

std::string chunk(const std::string& name, const std::string& payload) {
  return big_endian(payload.size(), 4) + name + payload + std::string(4, '\0');
}

std::string png_with(const std::string& chunks) { return kRgbPng.substr(0, 33) + chunks + kRgbPng.substr(33); }

}  // namespace

TEST(ExifOrientation, IsFoundInJpegsOfBothByteOrders) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const bool big : {false, true}) {
      EXPECT_EQ(exif_orientation(bytes(jpeg_with(app1(kName + exif_of(orientation, big))))), orientation);
    }
  }
  const std::string xmp = app1("http://ns.adobe.com/xap/1.0/" + std::string(40, 'x'));
  EXPECT_EQ(exif_orientation(bytes(jpeg_with(xmp + app1(kName + exif_of(6))))), 6) << "behind another APP1";
  EXPECT_EQ(exif_orientation(bytes(jpeg_with(xmp + "junk" + app1(kName + exif_of(6))))), 6) << "behind stray bytes";
  EXPECT_EQ(exif_orientation(bytes(jpeg_with(app1(kName + exif_of(9)) + app1(kName + exif_of(8))))), 8);
  EXPECT_EQ(exif_orientation(bytes(kRgbJpeg)), 1);
}

TEST(ExifOrientation, OfNoSuchValueIsOne) {
  EXPECT_EQ(exif_orientation(bytes(jpeg_with(app1(kName + exif_of(0))))), 1);
  EXPECT_EQ(exif_orientation(bytes(jpeg_with(app1(kName + exif_of(9))))), 1);
  EXPECT_EQ(exif_orientation(bytes(jpeg_with(app1(kName)))), 1);
  EXPECT_EQ(exif_orientation(bytes(std::string())), 1);
  EXPECT_EQ(exif_orientation(bytes(std::string("MM\0\x2a\xff\xff\xff\xff", 8))), 1);
}

TEST(ExifOrientation, IsFoundInPngChunksBeforeAndBehindThePixels) {
  EXPECT_EQ(exif_orientation(bytes(png_with(chunk("eXIf", exif_of(6))))), 6);
  EXPECT_EQ(exif_orientation(bytes(kRgbPng.substr(0, kRgbPng.size() - 12) + chunk("eXIf", exif_of(8, false)))), 8);
  const std::string digits = "457869660000\n4d4d002a00000008000101120003000000010005000000000000\n";
  const std::string text = std::string("Raw profile type exif\0", 22) + "\nexif\n      32\n" + digits;
  EXPECT_EQ(exif_orientation(bytes(png_with(chunk("tEXt", text)))), 5);
  EXPECT_EQ(exif_orientation(bytes(png_with(chunk("tEXt", text) + chunk("eXIf", exif_of(3))))), 3);
  // The same text, packed by zlib.
  const std::string packed =
      std::string("Raw profile type APP1\0\0", 23) + from_hex(
                                                         "78dae34aadc84ce352000363232e1353730b334b33330320e032493149313"
                                                         "0304a3480000b20363430343402d2c650314320363540025c00a29f0ff0");
  EXPECT_EQ(exif_orientation(bytes(png_with(chunk("zTXt", packed)))), 5);
}

TEST(ExifOrientation, IsFoundInWebpAndTiff) {
  const std::string data = exif_of(7, false);
  const std::string webp = "RIFF" + std::string(4, '\0') + "WEBPVP8 " + std::string("\3\0\0\0abc\0", 8) + "EXIF" +
                           std::string(1, static_cast<char>(data.size())) + std::string(3, '\0') + data;
  EXPECT_EQ(exif_orientation(bytes(webp)), 7);
  EXPECT_EQ(exif_orientation(bytes(exif_of(4))), 4);
  // BigTIFF: offsets and counts of 8 bytes.
  EXPECT_EQ(
      exif_orientation(bytes(from_hex("49492b00080000001000000000000000"
                                      "010000000000000012010300010000000000000002000000000000000000000000000000"))),
      2);
}

TEST(ExifOrientation, SurvivesFilesCutAnywhere) {
  for (const std::string& file :
       {jpeg_with(app1(kName + exif_of(6))), png_with(chunk("eXIf", exif_of(6))), exif_of(6)}) {
    for (size_t length = 0; length < file.size(); ++length) {
      const int orientation = exif_orientation(bytes(file.substr(0, length)));
      EXPECT_TRUE(orientation == 1 || orientation == 6) << length;
    }
  }
}

TEST(Upright, TurnsAsTheStandardSays) {
  Image stored(2, 3, 1);
  stored.pixels = {1, 2, 3, 4, 5, 6};
  const std::vector<Pixels> right = {{1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}, {6, 5, 4, 3, 2, 1}, {4, 5, 6, 1, 2, 3},
                                     {1, 4, 2, 5, 3, 6}, {4, 1, 5, 2, 6, 3}, {6, 3, 5, 2, 4, 1}, {3, 6, 2, 5, 1, 4}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image turned = upright(stored, orientation);
    EXPECT_EQ(turned.pixels, right[static_cast<size_t>(orientation) - 1]) << orientation;
    EXPECT_EQ(turned.size(), upright_size({2, 3}, orientation));
    EXPECT_EQ(turned.height, orientation < 5 ? 2 : 3);
    Mask mask(2, 3);
    mask.pixels = stored.pixels;
    EXPECT_EQ(upright(mask, orientation).pixels, turned.pixels);
    Raster raster{.height = 2, .width = 3, .channels = 2, .orientation = orientation};
    raster.samples = std::vector<float>{1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6};
    raster = upright(std::move(raster));
    EXPECT_EQ(raster.size(), turned.size());
    EXPECT_EQ(raster.orientation, 1);
    for (size_t i = 0; i < 6; ++i) {
      EXPECT_EQ(std::get<std::vector<float>>(raster.samples)[2 * i], turned.pixels[i]);
      EXPECT_EQ(std::get<std::vector<float>>(raster.samples)[2 * i + 1], -float{1} * turned.pixels[i]);
    }
  }
  EXPECT_THROW(upright(stored, 0), Error);
  EXPECT_THROW(upright(stored, 9), Error);
}

TEST(Upright, TurnsBoxesWithTheirPixels) {
  Mask stored(50, 70);
  for (int64_t y = 11; y < 20; ++y) {
    for (int64_t x = 40; x < 66; ++x) stored.at(y, x) = 1;
  }
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Box inside = *bounding_box(upright(stored, orientation));
    const Box box = upright(Box{40, 11, 66, 20}, {50, 70}, orientation);
    EXPECT_EQ(box, (Box{inside.x0, inside.y0, inside.x1 + 1, inside.y1 + 1})) << orientation;
  }
}

TEST(ReadImage, IsUprightUnlessToldOtherwise) {
  for (const std::string& file : {jpeg_with(app1(kName + exif_of(6))), kRgbJpeg}) {
    PictureNotes notes;
    const Image image = decode_image(bytes(file), "it", {}, &notes);
    const Image stored = decode_image(bytes(file), "it", {.orient = false});
    EXPECT_EQ(stored.size(), (Size{9, 11}));
    EXPECT_EQ(image, upright(stored, notes.orientation));
    EXPECT_EQ(notes.orientation, file == kRgbJpeg ? 1 : 6);
  }
}

}  // namespace hqsam
