// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "hqsam/image/codec.h"
#include "image/small_files.h"

namespace hqsam {
namespace {

using namespace testing_support;

std::optional<Size> size_of(const std::string& file) { return image_header_size(std::as_bytes(std::span(file))); }

}  // namespace

TEST(ImageHeaderSize, ReadsPngAndJpeg) {
  EXPECT_EQ(size_of(kRgbPng), (Size{2, 3}));
  EXPECT_EQ(size_of(kInterlacedPng), (Size{10, 15}));
  EXPECT_EQ(size_of(kRgbJpeg), (Size{9, 11}));
  EXPECT_EQ(size_of(kGrayJpeg), (Size{5, 7}));
  EXPECT_EQ(size_of(kCmykJpeg), (Size{8, 8}));
}

TEST(ImageHeaderSize, NeedsNoMoreThanTheHeader) {
  EXPECT_EQ(size_of(kRgbPng.substr(0, 33)), (Size{2, 3}));
  EXPECT_EQ(size_of(from_hex("ffd8ffc0000b080102030401110000")), (Size{0x0102, 0x0304}));
}

TEST(ImageHeaderSize, StepsOverFillersAndBareMarkers) {
  EXPECT_EQ(size_of(from_hex("ffd8ffffff01ffd3fffec0de")), std::nullopt);
  EXPECT_EQ(size_of(from_hex("ffd8fffffffe0004aabbff01ffc2000b080005000601110000")), (Size{5, 6}));
}

TEST(ImageHeaderSize, GivesNothingForWhatItDoesNotUnderstand) {
  EXPECT_EQ(size_of(""), std::nullopt);
  EXPECT_EQ(size_of("BM and more"), std::nullopt);
  std::string zero = kRgbPng;
  zero.replace(16, 4, from_hex("00000000"));
  EXPECT_EQ(size_of(zero), std::nullopt);
  std::string negative = kRgbPng;
  negative.replace(16, 4, from_hex("80000001"));
  EXPECT_EQ(size_of(negative), std::nullopt);
  EXPECT_EQ(size_of(from_hex("ffd8ffc0000b080000030401110000")), std::nullopt);  // height to follow later
  EXPECT_EQ(size_of(from_hex("ffd8ffda000b080005000601110000")), std::nullopt);  // pixels before the frame
  EXPECT_EQ(size_of(from_hex("ffd8ffc00001080005000601110000")), std::nullopt);  // a length that does not count itself
}

TEST(ImageHeaderSize, SurvivesEveryPrefixAndEveryByte) {
  for (const std::string& file : {kRgbPng, kRgbJpeg, kCmykJpeg}) {
    for (size_t length = 0; length < file.size(); ++length) {
      const auto size = size_of(file.substr(0, length));
      EXPECT_TRUE(!size || *size == size_of(file));
    }
    for (size_t at = 0; at < file.size(); ++at) {
      for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
        std::string broken = file;
        broken[at] = static_cast<char>(value);
        const auto size = size_of(broken);
        EXPECT_TRUE(!size || (size->height > 0 && size->width > 0));
      }
    }
  }
}

}  // namespace hqsam
