// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/rle.h"

#include <gtest/gtest.h>

#include "hqsam/core/error.h"
#include "mask/random_mask.h"

namespace hqsam {
namespace {

constexpr Size kSize = {13, 17};

Mask circle() {
  Mask mask(kSize.height, kSize.width);
  for (int64_t y = 0; y < mask.height; ++y) {
    for (int64_t x = 0; x < mask.width; ++x) mask.at(y, x) = (y - 6) * (y - 6) + (x - 8) * (x - 8) < 30;
  }
  return mask;
}

// Row-major bits, the most significant first.
Mask noise() {
  constexpr uint8_t kBits[] = {45,  75, 246, 25, 11, 16,  139, 28,  99,  80,  85,  223, 164, 87,
                               157, 31, 224, 15, 37, 174, 134, 150, 214, 208, 191, 65,  96,  200};
  Mask mask(kSize.height, kSize.width);
  for (size_t i = 0; i < mask.pixels.size(); ++i) mask.pixels[i] = (kBits[i / 8] >> (7 - i % 8)) & 1;
  return mask;
}

Mask full() {
  Mask mask(kSize.height, kSize.width);
  mask.pixels.assign(mask.pixels.size(), 1);
  return mask;
}

// What pycocotools.mask.encode makes of them.
constexpr const char* kCircle = "[1572N2N2O00000001N2N2NT1";
constexpr const char* kNoise =
    "1130N020O0O041M1OO92HNO30L031OON030N4OL10O01261IM22NN001011O0OO0031M0010N011OO73LOMO130L11NO11OO021N20N010";

std::string message_of(const std::string& text, Size size) {
  try {
    rle_from_string(text, size);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST(Rle, WritesWhatPycocotoolsWrites) {
  EXPECT_EQ(rle_to_string(rle_encode(circle())), kCircle);
  EXPECT_EQ(rle_to_string(rle_encode(noise())), kNoise);
  EXPECT_EQ(rle_to_string(rle_encode(full())), "0m6");
  EXPECT_EQ(rle_to_string(rle_encode(Mask(kSize.height, kSize.width))), "m6");
}

TEST(Rle, ReadsWhatPycocotoolsWrites) {
  EXPECT_EQ(rle_decode(rle_from_string(kCircle, kSize)), circle());
  EXPECT_EQ(rle_decode(rle_from_string(kNoise, kSize)), noise());
  EXPECT_EQ(rle_decode(rle_from_string("0m6", kSize)), full());
  EXPECT_EQ(rle_decode(rle_from_string("m6", kSize)), Mask(kSize.height, kSize.width));
}

TEST(Rle, RunsBeginWithTheOutsideAndGoDownTheColumns) {
  Mask mask(2, 3);
  mask.at(0, 0) = mask.at(1, 1) = 1;
  EXPECT_EQ(rle_encode(mask).counts, (std::vector<uint32_t>{0, 1, 2, 1, 2}));
}

TEST(Rle, RoundTripsRandomMasksOfOddSizes) {
  for (const Size size : {Size{1, 1}, {1, 200}, {200, 1}, {37, 63}, {50, 64}, {41, 65}, {129, 131}}) {
    for (const double inside : {0.0, 0.02, 0.5, 1.0}) {
      const Mask mask = testing_support::random_mask(size.height, size.width, inside, 3);
      const Rle rle = rle_encode(mask);
      EXPECT_EQ(rle_decode(rle), mask);
      const Rle again = rle_from_string(rle_to_string(rle), size);
      EXPECT_EQ(again.counts, rle.counts);
    }
  }
}

TEST(Rle, DecodeRefusesRunsThatDoNotFillTheMask) {
  EXPECT_THROW(rle_decode({{2, 3}, {1, 2}}), Error);
  EXPECT_THROW(rle_decode({{2, 3}, {1, 6}}), Error);
  EXPECT_THROW(rle_decode({{2, 3}, {0xffffffffu, 0xffffffffu}}), Error);
  EXPECT_THROW(rle_decode({{2, 3}, {}}), Error);
  EXPECT_THROW(rle_decode({{-2, -3}, {6}}), Error);
  EXPECT_THROW(rle_decode({{int64_t{1} << 40, int64_t{1} << 40}, {6}}), Error);
}

TEST(Rle, FromStringRefusesMalformedText) {
  EXPECT_NE(message_of("", kSize).find("= 221 pixels in all, got 0"), std::string::npos);
  EXPECT_NE(message_of("m", kSize).find("ends within a number"), std::string::npos);
  EXPECT_NE(message_of("m6\x7f", kSize).find("character 127 at position 2"), std::string::npos);
  EXPECT_NE(message_of("m6 ", kSize).find("character 32 at position 2"), std::string::npos);
  EXPECT_NE(message_of(std::string("m6\0", 3), kSize).find("character 0 at position 2"), std::string::npos);
  EXPECT_NE(message_of("\xff", kSize).find("character 255 at position 0"), std::string::npos);
  EXPECT_NE(message_of("N", kSize).find("run 0 is negative (-2)"), std::string::npos);
  EXPECT_NE(message_of("ooooooooooooooo0", kSize).find("does not fit in 32 bits"), std::string::npos);
  EXPECT_NE(message_of("m6m6", kSize).find("the first 2 runs have 442 pixels"), std::string::npos);
  EXPECT_NE(message_of("l6", kSize).find("= 221 pixels in all, got 220"), std::string::npos);
  EXPECT_NE(message_of("m6", {-13, -17}).find("expected a size"), std::string::npos);
}

TEST(Rle, FromStringSurvivesAnyText) {
  RandomStream stream{11};
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text(static_cast<size_t>(stream.below(12)), ' ');
    for (char& c : text) c = static_cast<char>(48 + stream.below(64));
    if (stream.below(4) == 0 && !text.empty()) text[0] = static_cast<char>(stream.below(256));
    try {
      const Rle rle = rle_from_string(text, {3, 4});
      EXPECT_EQ(rle_decode(rle).size(), (Size{3, 4}));
      ++accepted;
    } catch (const Error&) {
    }
  }
  EXPECT_GT(accepted, 0);
}

}  // namespace hqsam
