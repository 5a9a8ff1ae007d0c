// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/raster.h"

#include <gtest/gtest.h>

#include "hqsam/core/error.h"
#include "hqsam/image/codec.h"
#include "image/small_files.h"

namespace hqsam {
namespace {

using namespace testing_support;
using Bytes8 = std::vector<uint8_t>;
using Words = std::vector<uint16_t>;
using Colors = std::vector<std::array<uint8_t, 3>>;

Raster raster_of(const std::string& file) { return decode_raster(std::as_bytes(std::span(file)), "it"); }

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

}  // namespace hqsam
