// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/resize.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/core/random.h"

namespace hqsam {
namespace {

using Pixels = std::vector<uint8_t>;

Image small() {
  Image image(3, 4, 1);
  image.pixels = {0, 23, 46, 69, 50, 73, 255, 119, 0, 123, 146, 169};
  return image;
}

Image noise(int64_t height, int64_t width, int64_t channels) {
  Image image(height, width, channels);
  RandomStream stream{static_cast<uint64_t>(height), static_cast<uint64_t>(width)};
  for (auto& pixel : image.pixels) pixel = static_cast<uint8_t>(stream.below(256));
  return image;
}

Image mirrored(const Image& image) {
  Image out = image;
  for (int64_t y = 0; y < image.height; ++y) {
    for (int64_t x = 0; x < image.width; ++x) {
      std::copy_n(image.at(y, image.width - 1 - x), image.channels, out.at(y, x));
    }
  }
  return out;
}

Image cropped(const Image& image, const CropResize& how, uint8_t padding) {
  const auto plane = static_cast<size_t>(how.side * how.side), channels = static_cast<size_t>(image.channels);
  Pixels planes(plane * channels);
  crop_resize(image, how, padding, planes.data());
  Image out(how.side, how.side, image.channels);
  for (size_t i = 0; i < out.pixels.size(); ++i) out.pixels[i] = planes[i % channels * plane + i / channels];
  return out;
}

}  // namespace

TEST(ResizeBilinear, MatchesTorch) {
  // torch.nn.functional.interpolate(mode="bilinear"), truncated.
  EXPECT_EQ(resize_bilinear(small(), {5, 6}).pixels,
            (Pixels{0,   11,  26,  42, 57, 69,  20,  31,  57,  115, 109, 89,  50,  61,  103,
                    224, 187, 119, 19, 61, 117, 175, 169, 149, 0,   61,  126, 142, 157, 169}));
  EXPECT_EQ(resize_bilinear(small(), {2, 3}).pixels, (Pixels{16, 66, 84, 28, 141, 159}));
  EXPECT_EQ(resize_bilinear(small(), {3, 9}).pixels,
            (Pixels{0,   3,   14,  24,  34, 44, 54, 65,  69,  50,  53,  64,  83, 164,
                    244, 202, 141, 119, 0,  20, 75, 124, 134, 144, 154, 165, 169}));
}

TEST(ResizeBilinear, KeepsAPictureOfItsOwnSize) {
  const Image image = noise(17, 23, 3);
  EXPECT_EQ(resize_bilinear(image, image.size()), image);
}

TEST(ResizeBilinear, TreatsChannelsAlikeAndAlone) {
  const Image rgb = noise(31, 44, 3);
  const Image scaled = resize_bilinear(rgb, {50, 20});
  for (int64_t c = 0; c < 3; ++c) {
    Image gray(31, 44, 1);
    for (size_t i = 0; i < gray.pixels.size(); ++i) gray.pixels[i] = rgb.pixels[3 * i + static_cast<size_t>(c)];
    const Image alone = resize_bilinear(gray, {50, 20});
    for (size_t i = 0; i < alone.pixels.size(); ++i) {
      // One channel is summed up in another order: a value next to a whole number may be cut to the one below.
      ASSERT_NEAR(scaled.pixels[3 * i + static_cast<size_t>(c)], alone.pixels[i], 1);
    }
  }
}

TEST(CropResize, EqualsScalingThenCuttingThenPadding) {
  for (const int64_t channels : {1, 3}) {
    const Image image = noise(40, 61, channels);
    RandomStream stream{5};
    for (int i = 0; i < 40; ++i) {
      CropResize how;
      how.scaled = {1 + stream.below(90), 1 + stream.below(120)};
      how.top = stream.below(how.scaled.height);
      how.left = stream.below(how.scaled.width);
      how.side = 1 + stream.below(100);
      how.flip = i % 2 == 1;
      const Image scaled = resize_bilinear(how.flip ? mirrored(image) : image, how.scaled);
      const Image out = cropped(image, how, 128);
      ASSERT_EQ(out.size(), (Size{how.side, how.side}));
      for (int64_t y = 0; y < how.side; ++y) {
        for (int64_t x = 0; x < how.side; ++x) {
          const bool inside = how.top + y < scaled.height && how.left + x < scaled.width;
          for (int64_t c = 0; c < channels; ++c) {
            ASSERT_EQ(out.at(y, x)[c], inside ? scaled.at(how.top + y, how.left + x)[c] : 128)
                << i << ": " << y << ", " << x << ", " << c;
          }
        }
      }
    }
  }
}

TEST(CropResizeLabel, KeepsFractionsAndPadsWithZero) {
  const std::vector<float> out = crop_resize_label(small(), {.scaled = {5, 6}, .side = 7});
  const float first_row[] = {0, 11.5F, 26.833336F, 42.166668F, 57.5F, 69, 0};
  for (int x = 0; x < 7; ++x) EXPECT_NEAR(out[static_cast<size_t>(x)], first_row[x], 1e-5F) << x;
  EXPECT_NEAR(out[2 * 7 + 3], 224.66667F, 1e-4F);
  for (int x = 0; x < 7; ++x) EXPECT_EQ(out[static_cast<size_t>(6 * 7 + x)], 0);
}

TEST(CropResizeLabel, TruncatesToTheImagesPixels) {
  const Image image = noise(70, 50, 1);
  const CropResize how = {.scaled = {91, 64}, .top = 11, .left = 3, .side = 80, .flip = true};
  const std::vector<float> label = crop_resize_label(image, how);
  const Image pixels = cropped(image, how, 0);
  for (size_t i = 0; i < label.size(); ++i) ASSERT_EQ(static_cast<uint8_t>(label[i]), pixels.pixels[i]);
}

TEST(CropResize, RefusesWindowsOutsideAndBadImages) {
  const Image image = noise(4, 4, 3);
  EXPECT_THROW(cropped(image, {.scaled = {0, 4}}, 0), Error);
  EXPECT_THROW(cropped(image, {.scaled = {4, 4}, .top = 4}, 0), Error);
  EXPECT_THROW(cropped(image, {.scaled = {4, 4}, .left = -1}, 0), Error);
  EXPECT_THROW(cropped(image, {.scaled = {4, 4}, .side = 0}, 0), Error);
  EXPECT_THROW(cropped(Image(), {.scaled = {4, 4}}, 0), Error);
  EXPECT_THROW(crop_resize_label(image, {.scaled = {4, 4}}), Error);
  EXPECT_THROW(resize_bilinear(image, {4, -1}), Error);
}

TEST(ResizeAntialiased, MatchesPillow) {
  // Image.resize(resample=BILINEAR).
  EXPECT_EQ(resize_antialiased(small(), {5, 6}).pixels,
            (Pixels{0,   12,  27,  42, 58, 69,  20,  32,  57,  115, 110, 89,  50,  62,  103,
                    225, 187, 119, 20, 62, 117, 175, 170, 149, 0,   62,  127, 142, 158, 169}));
  EXPECT_EQ(resize_antialiased(small(), {2, 3}).pixels, (Pixels{26, 83, 99, 45, 146, 161}));
  EXPECT_EQ(resize_antialiased(small(), {3, 9}).pixels,
            (Pixels{0,   4,   14,  24,  35, 45, 55, 65,  69,  50,  54,  64,  83, 164,
                    245, 202, 142, 119, 0,  21, 75, 124, 135, 145, 155, 165, 169}));
}

TEST(ResizeAntialiased, AveragesOverWhatAPixelCovers) {
  Image stripes(8, 64, 3);
  for (size_t i = 0; i < stripes.pixels.size(); ++i) stripes.pixels[i] = (i / 3) % 2 == 0 ? 0 : 200;
  const Image out = resize_antialiased(stripes, {2, 4});
  for (const uint8_t pixel : out.pixels) EXPECT_NEAR(pixel, 100, 2);
}

TEST(ResizeAntialiased, KeepsConstantsAndOwnSize) {
  for (const Size size : {Size{1, 1}, {9, 200}, {31, 7}}) {
    for (const uint8_t pixel : resize_antialiased(Image(20, 30, 3, 255), size).pixels) ASSERT_EQ(pixel, 255);
  }
  const Image image = noise(12, 9, 3);
  EXPECT_EQ(resize_antialiased(image, image.size()), image);
  EXPECT_THROW(resize_antialiased(image, {0, 3}), Error);
  EXPECT_THROW(resize_antialiased(Image(), {3, 3}), Error);
}

TEST(LongestSideSize, RoundsHalvesUpAndKeepsAPixel) {
  EXPECT_EQ(longest_side_size({97, 150}, 128), (Size{83, 128}));
  EXPECT_EQ(longest_side_size({1200, 1800}, 1024), (Size{683, 1024}));
  EXPECT_EQ(longest_side_size({3, 2}, 1024), (Size{1024, 683}));
  EXPECT_EQ(longest_side_size({4000, 1}, 1024), (Size{1024, 1}));
  EXPECT_THROW(longest_side_size({0, 5}, 1024), Error);
}

}  // namespace hqsam
