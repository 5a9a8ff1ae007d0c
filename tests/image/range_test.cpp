// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "hqsam/core/error.h"
#include "hqsam/image/codec.h"

namespace hqsam {
namespace {

using Pixels = std::vector<uint8_t>;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

template <class Value>
Raster row_of(std::vector<Value> samples, int64_t channels = 1) {
  Raster raster;
  raster.height = 1, raster.width = static_cast<int64_t>(samples.size()) / channels, raster.channels = channels;
  raster.samples = std::move(samples);
  return raster;
}

// What becomes of samples of one channel.
template <class Value>
Pixels shown(std::vector<Value> samples, const PictureOptions& options = {}, PictureNotes* notes = nullptr) {
  const Image image = picture_of(row_of(std::move(samples)), "it", options, notes);
  Pixels gray;
  for (size_t i = 0; i < image.pixels.size(); i += 3) gray.push_back(image.pixels[i]);
  return gray;
}

using Words = std::vector<uint16_t>;
using Floats = std::vector<float>;
using Ints = std::vector<int32_t>;

}  // namespace

TEST(RangeRule, LeavesEightBitsAsTheyAre) {
  PictureNotes notes;
  EXPECT_EQ(shown(Pixels{3, 4, 90}, {}, &notes), (Pixels{3, 4, 90}));
  EXPECT_FALSE(notes.stretched);
  Raster bits = row_of(Pixels{0, 1, 3});
  bits.bits = 2;
  EXPECT_EQ(picture_of(bits, "it").pixels, (Pixels{0, 0, 0, 85, 85, 85, 255, 255, 255}));
}

TEST(RangeRule, TakesAllOfSixteenBitsWhereTheyAreBright) {
  PictureNotes notes;
  EXPECT_EQ(shown(Words{0, 257, 257 * 99 + 128, 32768}, {}, &notes), (Pixels{0, 1, 99, 128}));
  EXPECT_FALSE(notes.stretched);
  EXPECT_EQ(notes.high, 65535);
}

TEST(RangeRule, StretchesDarkSixteenBitsByPercentiles) {
  Words samples;
  for (uint16_t i = 0; i <= 1000; ++i) samples.push_back(static_cast<uint16_t>(1000 + i));
  samples[0] = 3, samples[1000] = 9000;  // dead and hot pixels
  PictureNotes notes;
  const Pixels pixels = shown(samples, {}, &notes);
  EXPECT_TRUE(notes.stretched);
  EXPECT_EQ(notes.low, 1001);
  EXPECT_EQ(notes.high, 1999);
  EXPECT_EQ(pixels[0], 0);
  EXPECT_EQ(pixels[1], 0);
  EXPECT_EQ(pixels[500], 128);
  EXPECT_EQ(pixels[1000], 255);
}

TEST(RangeRule, KeepsTheRatiosOfColours) {
  const Image image = picture_of(row_of(Words{0, 500, 1000, 1000, 0, 250}, 3), "it");
  EXPECT_EQ(image.pixels, (Pixels{0, 128, 255, 255, 0, 64}));
}

TEST(RangeRule, KnowsTheRangesOfFloats) {
  PictureNotes notes;
  EXPECT_EQ(shown(Floats{0, 0.5F, 0.8F}, {}, &notes), (Pixels{0, 128, 204}));
  EXPECT_FALSE(notes.stretched);
  EXPECT_EQ(shown(Floats{0, 100, 200}), (Pixels{0, 100, 200}));
  EXPECT_EQ(shown(Floats{0, 0.1F, 0.2F}, {}, &notes), (Pixels{0, 128, 255})) << "too dark for 0 to 1";
  EXPECT_TRUE(notes.stretched);
  EXPECT_EQ(shown(Floats{-1, 0, 1}), (Pixels{0, 128, 255}));
  EXPECT_EQ(shown(Floats{0, 5000, 10000}), (Pixels{0, 128, 255}));
  EXPECT_EQ(shown(Ints{0, 100, 200}), (Pixels{0, 100, 200}));
  EXPECT_EQ(shown(Ints{-100, 0, 100}), (Pixels{0, 128, 255}));
}

TEST(RangeRule, LeavesOutWhatIsNoNumberOrNoData) {
  EXPECT_EQ(shown(Floats{kNan, 1000, 2000, 3000, INFINITY}), (Pixels{0, 0, 128, 255, 0}));
  EXPECT_EQ(shown(Floats{kNan, kNan}), (Pixels{0, 0}));
  Raster raster = row_of(Ints{-9999, 1000, 2000, 3000});
  raster.nodata = -9999;
  EXPECT_EQ(picture_of(raster, "it").pixels, (Pixels{0, 0, 0, 0, 0, 0, 128, 128, 128, 255, 255, 255}));
}

TEST(RangeRule, ShowsOneValueAsMiddleGrayAndNothingAsBlack) {
  EXPECT_EQ(shown(Words{700, 700}), (Pixels{128, 128}));
  EXPECT_EQ(shown(Words{0, 0}), (Pixels{0, 0}));
  Words sparse(5000, 0);
  sparse[7] = 100;  // both percentiles are 0: the extremes serve
  EXPECT_EQ(shown(sparse)[7], 255);
}

TEST(RangeRule, IsFullOrFixedWhereToldSo) {
  EXPECT_EQ(shown(Words{0, 257 * 10}, {.range = RangeRule::kFull}), (Pixels{0, 10}));
  EXPECT_EQ(shown(Floats{-1, 0.2F, 2}, {.range = RangeRule::kFull}), (Pixels{0, 51, 255}));
  const PictureOptions fixed{.range = RangeRule::kFixed, .low = 100, .high = 200};
  EXPECT_EQ(shown(Words{50, 100, 150, 200, 900}, fixed), (Pixels{0, 0, 128, 255, 255}));
  EXPECT_EQ(shown(Pixels{50, 150, 255}, fixed), (Pixels{0, 128, 255}));
  EXPECT_THROW((PictureOptions{.range = RangeRule::kFixed, .low = 5, .high = 5}.validate()), Error);
}

TEST(Bands, AreTheFirstThreeUnlessChosen) {
  const Raster five = row_of(Pixels{1, 2, 3, 4, 5}, 5);
  PictureNotes notes;
  EXPECT_EQ(picture_of(five, "it", {}, &notes).pixels, (Pixels{1, 2, 3}));
  EXPECT_EQ(notes.bands, 5);
  EXPECT_EQ(picture_of(five, "it", {.bands = {4, 3, 2}}).pixels, (Pixels{4, 3, 2}));
  EXPECT_EQ(picture_of(five, "it", {.bands = {5}}).pixels, (Pixels{5, 5, 5}));
  EXPECT_THROW(picture_of(five, "it", {.bands = {6}}), Error);
  EXPECT_THROW(picture_of(five, "it", {.bands = {0}}), Error);
  EXPECT_THROW(picture_of(five, "it", {.bands = {1, 2}}), Error);
}

TEST(Bands, LeaveOutOpacity) {
  Raster gray = row_of(Pixels{7, 255}, 2);
  gray.alpha = true;
  PictureNotes notes;
  EXPECT_EQ(picture_of(gray, "it", {}, &notes).pixels, (Pixels{7, 7, 7}));
  EXPECT_EQ(notes.bands, 0);
  Raster rgba = row_of(Pixels{1, 2, 3, 255}, 4);
  rgba.alpha = true;
  EXPECT_EQ(picture_of(rgba, "it", {}, &notes).pixels, (Pixels{1, 2, 3}));
  EXPECT_EQ(notes.bands, 0);
}

TEST(PictureOf, RefusesARasterWithoutItsSamples) {
  EXPECT_THROW(picture_of(Raster(), "it"), Error);
  Raster raster = row_of(Pixels{1, 2, 3});
  raster.height = 2;
  EXPECT_THROW(picture_of(raster, "it"), Error);
}

}  // namespace hqsam
