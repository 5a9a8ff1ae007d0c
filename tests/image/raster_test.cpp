// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/raster.h"

#include <gtest/gtest.h>

#include <limits>
#include <opencv2/imgcodecs.hpp>

#include "hqsam/core/error.h"
#include "hqsam/image/codec.h"
#include "image/made_files.h"
#include "image/small_files.h"

namespace hqsam {
namespace {

using namespace testing_support;
using Bytes8 = std::vector<uint8_t>;
using Words = std::vector<uint16_t>;
using Colors = std::vector<std::array<uint8_t, 3>>;

using Ints = std::vector<int32_t>;
using Floats = std::vector<float>;

std::span<const std::byte> bytes(const std::string& file) { return std::as_bytes(std::span(file)); }
Raster raster_of(const std::string& file) { return decode_raster(bytes(file), "it"); }

template <class Samples>
void expect_samples(const std::string& file, const Samples& right) {
  const Raster raster = raster_of(file);
  ASSERT_TRUE(std::holds_alternative<Samples>(raster.samples)) << raster.samples.index();
  EXPECT_EQ(std::get<Samples>(raster.samples), right);
  EXPECT_EQ(picture_header(bytes(file), "it").stored, raster.size());
}

std::string message_of(const std::string& file) {
  try {
    raster_of(file);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

void expect_refused(const std::string& file, const std::string& word) {
  EXPECT_NE(message_of(file).find(word), std::string::npos) << message_of(file);
}

}  // namespace

TEST(RasterOfPng, KeepsGrayOfFewBitsAsStored) {
  const Raster raster = raster_of(kOneBitPng);
  EXPECT_EQ(std::get<Bytes8>(raster.samples), (Bytes8{0, 1, 0, 1, 1, 0}));
  EXPECT_EQ(raster.bits, 1);
  EXPECT_EQ(raster_of(kGrayPng).bits, 0);
  EXPECT_EQ(std::get<Bytes8>(raster_of(kGrayPng).samples), (Bytes8{0, 1, 128, 129, 200, 255}));
}

TEST(RasterOfPng, KeepsSixteenBits) {
  const Raster raster = raster_of(kGray16Png);
  EXPECT_EQ(std::get<Words>(raster.samples), (Words{0, 0x0101, 0x8080, 0xff00, 0x7fff, 0xffff}));
  EXPECT_EQ(sample(raster, 3), 0xff00);
}

TEST(RasterOfPng, KeepsIndicesAndTheirColours) {
  const Raster raster = raster_of(kPalettePng);
  EXPECT_EQ(std::get<Bytes8>(raster.samples), (Bytes8{0, 1, 2, 2, 1, 0}));
  EXPECT_EQ(raster.palette, (Colors{{7, 8, 9}, {100, 110, 120}, {250, 1, 2}}));
  EXPECT_FALSE(raster.alpha);
}

TEST(RasterOfPng, KeepsOpacity) {
  const Raster raster = raster_of(kRgbaPng);
  EXPECT_EQ(raster.channels, 4);
  EXPECT_TRUE(raster.alpha);
  EXPECT_EQ(std::get<Bytes8>(raster.samples)[3], 128);
  EXPECT_FALSE(raster_of(kRgbPng).alpha);
}

TEST(RasterOfJpeg, IsGrayOrRgb) {
  EXPECT_EQ(raster_of(kGrayJpeg).channels, 1);
  EXPECT_EQ(raster_of(kRgbJpeg).channels, 3);
  EXPECT_EQ(raster_of(kCmykJpeg).channels, 3);
  EXPECT_EQ(raster_of(kRgbJpeg).warning, "");
}

TEST(RasterOfTiff, KeepsEveryTypeOfNumber) {
  const PlainTiff two{.height = 1, .width = 2};
  const auto of = [&](uint32_t bits, uint32_t format, const std::string& pixels) {
    PlainTiff plain = two;
    plain.bits = bits, plain.format = format;
    return tiff(plain, pixels);
  };
  expect_samples(of(8, 1, raw(Bytes8{0, 255})), Bytes8{0, 255});
  expect_samples(of(16, 1, raw(Words{1, 65535})), Words{1, 65535});
  expect_samples(of(32, 1, raw(Ints{1, 1 << 30})), Ints{1, 1 << 30});
  expect_samples(of(8, 2, raw(std::vector<int8_t>{-128, 127})), Ints{-128, 127});
  expect_samples(of(16, 2, raw(std::vector<int16_t>{-9999, 300})), Ints{-9999, 300});
  expect_samples(of(32, 2, raw(Ints{-5, 5})), Ints{-5, 5});
  expect_samples(of(32, 3, raw(Floats{-0.5F, 3e20F})), Floats{-0.5F, 3e20F});
  expect_samples(of(64, 3, raw(std::vector<double>{0.25, 1e300})),
                 Floats{0.25F, std::numeric_limits<float>::infinity()});
  expect_samples(of(16, 3, raw(Words{0x3c00, 0xc100})), Floats{1, -2.5F});
  expect_samples(of(12, 1, from_hex("fff001")), Words{4095, 1});
  expect_samples(of(4, 1, from_hex("f1")), Bytes8{15, 1});
  EXPECT_EQ(raster_of(of(12, 1, from_hex("fff001"))).bits, 12);
  expect_refused(of(32, 1, raw(std::vector<uint32_t>{1, 0xffffffff})), "holds the value 4294967295");
  expect_refused(of(32, 6, std::string(8, '\0')), "complex");
}

TEST(RasterOfTiff, HasABitForEachPixelOfAMask) {
  const PlainTiff plain{.height = 2, .width = 3, .bits = 1};
  expect_samples(tiff(plain, from_hex("40c0")), Bytes8{0, 1, 0, 1, 1, 0});
}

TEST(RasterOfTiff, TurnsValuesWhereZeroIsWhite) {
  expect_samples(tiff({.height = 2, .width = 3, .bits = 1, .photometric = 0}, from_hex("40c0")),
                 Bytes8{1, 0, 1, 0, 0, 1});
  expect_samples(tiff({.width = 2, .photometric = 0}, raw(Bytes8{0, 250})), Bytes8{255, 5});
  expect_samples(tiff({.width = 2, .bits = 16, .photometric = 0}, raw(Words{0, 65000})), Words{65535, 535});
  const std::string floats = tiff({.width = 2, .bits = 32, .format = 3, .photometric = 0}, raw(Floats{0, 7}));
  expect_samples(floats, Floats{0, 7});
  EXPECT_NE(raster_of(floats).warning, "");
}

TEST(RasterOfTiff, ReadsPlanesTilesAndManyBands) {
  // 2 x 3 pixels of 5 bands, each band a plane.
  Words planes(30), pixels(30);
  for (size_t i = 0; i < 30; ++i) {
    planes[i] = static_cast<uint16_t>(1000 + i);
    pixels[i % 6 * 5 + i / 6] = planes[i];
  }
  const std::vector<uint32_t> sixteen(5, 16), lengths(5, 12);
  const std::string by_planes = tiff({{256, {3}},
                                      {257, {2}},
                                      {258, sixteen, 3},
                                      {259, {1}, 3},
                                      {262, {1}, 3},
                                      {273, {0}},
                                      {277, {5}, 3},
                                      {278, {2}},
                                      {279, lengths},
                                      {284, {2}, 3}},
                                     raw(planes), {0, 12, 24, 36, 48});
  expect_samples(by_planes, pixels);
  EXPECT_EQ(raster_of(by_planes).channels, 5);
  expect_samples(tiff({.height = 2, .width = 3, .channels = 5, .bits = 16}, raw(pixels)), pixels);
  // 17 x 20 pixels in tiles of 16 x 16.
  Bytes8 tiles(4 * 256), right(17 * 20);
  for (size_t y = 0; y < 17; ++y) {
    for (size_t x = 0; x < 20; ++x) {
      right[y * 20 + x] = static_cast<uint8_t>(7 * y + x);
      tiles[(y / 16 * 2 + x / 16) * 256 + y % 16 * 16 + x % 16] = right[y * 20 + x];
    }
  }
  expect_samples(tiff({{256, {20}},
                       {257, {17}},
                       {258, {8}, 3},
                       {259, {1}, 3},
                       {262, {1}, 3},
                       {277, {1}, 3},
                       {322, {16}},
                       {323, {16}},
                       {324, {0}},
                       {325, {256, 256, 256, 256}}},
                      raw(tiles), {0, 256, 512, 768}),
                 right);
}

TEST(RasterOfTiff, ReadsPalettesOpacityAndNodata) {
  std::vector<uint32_t> colors(3 * 256);
  colors[1] = 0xff00, colors[257] = 0x8000, colors[513] = 0x0100;
  const Raster palette = raster_of(tiff({{256, {2}},
                                         {257, {1}},
                                         {258, {8}, 3},
                                         {259, {1}, 3},
                                         {262, {3}, 3},
                                         {273, {0}},
                                         {277, {1}, 3},
                                         {278, {1}},
                                         {279, {2}},
                                         {320, colors, 3}},
                                        raw(Bytes8{1, 0})));
  EXPECT_EQ(std::get<Bytes8>(palette.samples), (Bytes8{1, 0}));
  EXPECT_EQ(palette.palette[1], (std::array<uint8_t, 3>{255, 128, 1}));
  const auto with_extra = [](uint32_t kind) {
    return raster_of(tiff({{256, {1}},
                           {257, {1}},
                           {258, {8, 8}, 3},
                           {259, {1}, 3},
                           {262, {1}, 3},
                           {273, {0}},
                           {277, {2}, 3},
                           {278, {1}},
                           {279, {2}},
                           {338, {kind}, 3}},
                          raw(Bytes8{9, 100})));
  };
  EXPECT_TRUE(with_extra(2).alpha);
  EXPECT_TRUE(with_extra(1).alpha);
  EXPECT_FALSE(with_extra(0).alpha) << "a band that is not said to be opacity";
  EXPECT_EQ(raster_of(tiff({.width = 2, .bits = 16, .format = 2, .more = {{42113, {'-', '9', '9', 0}, 2}}},
                           raw(std::vector<int16_t>{-99, 5})))
                .nodata,
            -99);
}

TEST(RasterOfTiff, IsRefusedBeforeMemoryIsTaken) {
  expect_refused(tiff({.height = 1 << 20, .width = 1 << 20}, "few bytes"), "over the limit");
  expect_refused(tiff({.height = 10000, .width = 10000}, "few bytes"), "it is cut off");
  expect_refused(tiff({.height = 30, .width = 30, .bits = 32}, "few bytes"), "it is cut off");
}

TEST(RasterOfTiff, NamesWhatItDoesNotRead) {
  expect_refused(tiff({.channels = 3, .photometric = 8}, "abc"), "TIFF of Lab colours");
  expect_refused(tiff({.bits = 16, .photometric = 32803}, "ab"), "camera's raw picture");
  expect_refused(tiff({{256, {1}},
                       {257, {1}},
                       {258, {8}, 3},
                       {259, {34712}, 3},
                       {262, {1}, 3},
                       {273, {0}},
                       {277, {1}, 3},
                       {279, {1}}},
                      "a"),
                 "packed by JPEG 2000");
}

TEST(RasterOfTiff, UnpacksLzwAndRefusesDamage) {
  cv::Mat gray(40, 50, CV_8U);
  for (int i = 0; i < 2000; ++i) gray.data[i] = static_cast<uint8_t>(i * i / 7);
  std::vector<uint8_t> encoded;
  ASSERT_TRUE(cv::imencode(".tif", gray, encoded, {cv::IMWRITE_TIFF_COMPRESSION, 5}));
  std::string file(encoded.begin(), encoded.end());
  expect_samples(file, Bytes8(gray.data, gray.data + 2000));
  testing::internal::CaptureStderr();
  for (size_t length = 0; length < file.size(); length += 13) EXPECT_THROW(raster_of(file.substr(0, length)), Error);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// 9 x 5 pixels, each the sum of its coordinates modulo 4, of four colours.
const std::string kGif = from_hex(
    "474946383761050009008100000a141e28323c46505afa01022c00000000050009000008160001041030402041830507263ca810a1c386100f"
    "06"
    "04003b");
const std::string kInterlacedGif = from_hex(
    "474946383761050009008100000a141e28323c46505afa01022c000000000500090040081b000104103000804082060716443890a10085020b"
    "2a"
    "84184022c180003b");

TEST(RasterOfGif, IsTheFirstFramesIndices) {
  Bytes8 right;
  for (int i = 0; i < 45; ++i) right.push_back(static_cast<uint8_t>((i / 5 + i % 5) % 4));
  expect_samples(kGif, right);
  expect_samples(kInterlacedGif, right);
  EXPECT_EQ(raster_of(kGif).palette, (Colors{{10, 20, 30}, {40, 50, 60}, {70, 80, 90}, {250, 1, 2}}));
  EXPECT_EQ(raster_of(kGif).warning, "");
  const std::string frame = kGif.substr(25, kGif.size() - 26);
  EXPECT_EQ(raster_of(kGif.substr(0, 25) + frame + frame + ";").warning, "it has several frames: the first is read");
  for (size_t length = 0; length + 3 < kGif.size(); ++length) EXPECT_THROW(raster_of(kGif.substr(0, length)), Error);
}

TEST(RasterOfGif, PlacesTheFrameOnItsCanvas) {
  std::string file = kGif;
  file[6] = 7, file[8] = 11;   // the screen: 11 x 7
  file[26] = 1, file[28] = 2;  // the frame's corner: (1, 2)
  file[11] = 3;                // background
  const Raster raster = raster_of(file);
  ASSERT_EQ(raster.size(), (Size{11, 7}));
  const auto& indices = std::get<Bytes8>(raster.samples);
  EXPECT_EQ(indices[0], 3);
  for (size_t y = 0; y < 9; ++y) {
    for (size_t x = 0; x < 5; ++x) EXPECT_EQ(indices[(y + 2) * 7 + x + 1], (x + y) % 4);
  }
}

TEST(RasterOfNpy, ReadsEveryTypeAndOrder) {
  expect_samples(npy("|b1", "1, 2", raw(Bytes8{0, 1})), Bytes8{0, 1});
  expect_samples(npy("|u1", "2, 1", raw(Bytes8{0, 255})), Bytes8{0, 255});
  expect_samples(npy("<u2", "1, 2", raw(Words{1, 65535})), Words{1, 65535});
  expect_samples(npy(">u2", "1, 2", from_hex("0001ff00")), Words{1, 0xff00});
  expect_samples(npy("<i8", "1, 2", raw(std::vector<int64_t>{-3, 70000})), Ints{-3, 70000});
  expect_samples(npy("<f4", "1, 2", raw(Floats{0.5F, -1})), Floats{0.5F, -1});
  expect_samples(npy(">f8", "1, 1", from_hex("3fe0000000000000")), Floats{0.5F});
  expect_samples(npy("<f2", "1, 2", raw(Words{0x3c00, 0x0001})), Floats{1, 0x1p-24F});
  expect_samples(npy("|u1", "2, 3", raw(Bytes8{1, 4, 2, 5, 3, 6}), true), Bytes8{1, 2, 3, 4, 5, 6});
  EXPECT_EQ(raster_of(npy("|b1", "1, 2", raw(Bytes8{0, 1}))).bits, 1);
  EXPECT_EQ(raster_of(npy("|u1", "1, 2, 5", raw(Bytes8(10)))).size(), (Size{2, 5})) << "torch's batch of 1";
  EXPECT_EQ(raster_of(npy("|u1", "1, 1, 4", raw(Bytes8{1, 2, 3, 4}))).channels, 4);
  EXPECT_EQ(raster_of(npy("|u1", "1, 2, 3", raw(Bytes8{1, 2, 3, 4, 5, 6}))).size(), (Size{1, 2}));
}

TEST(RasterOfNpy, RefusesWhatIsNoPicture) {
  expect_refused(npy("|u1", "3, 4, 5", std::string(60, 'x')), "shape (3, 4, 5)");
  expect_refused(npy("|u1", "60,", std::string(60, 'x')), "shape (60)");
  expect_refused(npy("|O", "2, 2", std::string(60, 'x')), "type '|O'");
  expect_refused(npy("<c8", "2, 2", std::string(60, 'x')), "type '<c8'");
  expect_refused(npy("<i8", "1, 1", raw(std::vector<int64_t>{int64_t{1} << 40})), "holds the value 1099511627776");
  expect_refused(npy("|u1", "20, 20", std::string(60, 'x')), "it is cut off");
  expect_refused(npy("|u1", "99999999, 99999999", ""), "over the limit");
}

TEST(DecodeRaster, SaysWhatAFileIsThatItDoesNotRead) {
  const auto box = [](const std::string& brand) {
    return from_hex("00000018") + "ftyp" + brand + std::string(4, '\0') + "mif1" + brand;
  };
  expect_refused(box("heic"), "it is a HEIC picture, which hqsam does not read: convert it to JPEG or PNG");
  expect_refused(box("avif"), "an AVIF picture");
  expect_refused(from_hex("00000018") + "ftypisom" + std::string(4, '\0') + "mp42iso2", "a video");
  expect_refused(box("crx "), "raw picture (CR3)");
  expect_refused("\xff\x0a", "JPEG XL");
  expect_refused("8BPS\1", "Photoshop");
  expect_refused(std::string(128, '\0') + "DICM", "DICOM");
  expect_refused("%PDF-1.5", "PDF");
  expect_refused("  <!DOCTYPE html><html>", "an HTML page");
  expect_refused("<?xml version='1.0'?><svg>", "an SVG drawing");
  expect_refused("<annotation>", "an XML file");
  expect_refused("{\"shapes\": []}", "a JSON file");
  expect_refused("0 0.5 0.5\n", "a text (\"0 0.5 0.5 \")");
  expect_refused("version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer");
  expect_refused(from_hex("1f8b0800"), "packed by gzip");
  expect_refused(from_hex("504b0304") + std::string(22, '\0') + from_hex("05000000") + "a.npy", "a NumPy archive");
  expect_refused(from_hex("504b0304") + std::string(30, '\0'), "a zip archive");
  expect_refused(from_hex("0900000000000000") + "{\"a\": {}}" + std::string(9, '\0'), "a safetensors file");
  expect_refused("", "is empty");
  expect_refused(std::string(700, '\0'), "nothing but zeros, 700 bytes");
  expect_refused(from_hex("01fa9900"), "begins with the bytes 01 fa 99 00");
  EXPECT_THROW(picture_header(bytes(box("heic")), "it"), Error);
}

TEST(DecodeRaster, ReadsOtherFormatsThroughOpenCvInSilence) {
  const std::string webp = from_hex(
      "5249464642000000574542505650384c360000002f024000002f40906db341dcebfe32d32093b6c95fff76666d64d236ad87"
      "fdf3afb2f31f68e491acfb06040294b1e2816d22fa1fe305");
  testing::internal::CaptureStderr();
  expect_samples(webp, Bytes8{255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30, 200, 100, 50, 255, 255, 255});
  expect_samples("P5 2 1 255\nab", Bytes8{'a', 'b'});
  expect_samples("P5\n# a comment\n2 1 65535\n" + from_hex("0001ff00"), Words{1, 0xff00});
  for (const std::string& file : {webp.substr(0, 50), std::string("P6 20 20 255\nabc"), "BM" + std::string(60, '\1')}) {
    EXPECT_THROW(raster_of(file), Error);
  }
  expect_refused("P6 20000 20000 255\nabc", "over the limit");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace hqsam
