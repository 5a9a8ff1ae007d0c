// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <png.h>

#include <cstdio>

#include "data/fixtures.h"
#include "hqsam/core/file.h"
#include "hqsam/data/open_dataset.h"
#include "hqsam/image/codec.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

// A PNG with a palette, indices as given.
void write_palette_png(const fs::path& path, const Image& indices) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(indices.width);
  image.height = static_cast<png_uint_32>(indices.height);
  image.format = PNG_FORMAT_RGB_COLORMAP;
  image.colormap_entries = 256;
  std::vector<uint8_t> colors(3 * 256);
  for (size_t i = 0; i < 256; ++i) colors[3 * i] = static_cast<uint8_t>(i % 2 == 1 ? 128 : 0);
  ASSERT_NE(png_image_write_to_file(&image, path.c_str(), 0, indices.pixels.data(), 0, colors.data()), 0);
}

class Davis : public ::testing::Test {
 protected:
  Davis() {
    for (const char* sequence : {"bear", "car"}) {
      fs::create_directories(folder / "im" / sequence);
      fs::create_directories(folder / "gt" / sequence);
      write_image(folder / "im" / sequence / "00000.jpg", random_picture({30, 40}, 3, 2));
      Image objects(30, 40, 1);
      for (int64_t x = 5; x < 15; ++x) *objects.at(7, x) = 1, *objects.at(20, x) = 2, *objects.at(25, x) = 3;
      write_palette_png(folder / "gt" / sequence / "00000.png", objects);
    }
    options = {.name = "davis", .images = folder / "im", .masks = folder / "gt"};
    options.format = SetFormat::kDavis;
  }
  testing_support::TemporaryFolder temporary;
  const fs::path folder = temporary.path;
  SetOptions options;
};

}  // namespace

TEST_F(Davis, EachPaletteIndexIsAMask) {
  const auto dataset = open_dataset(options);
  ASSERT_EQ(dataset->size(), 2);
  const Sample sample = dataset->get(1);
  EXPECT_EQ(sample.name, "car/00000");
  ASSERT_EQ(sample.labels.size(), 3U);
  EXPECT_EQ(*sample.labels[0].gray().at(7, 5), 255);
  EXPECT_EQ(*sample.labels[1].gray().at(20, 5), 255);
  EXPECT_EQ(*sample.labels[1].gray().at(7, 5), 0);
}

TEST_F(Davis, ExtensionsMatchInAnyCaseAndDotFilesAreNone) {
  fs::rename(folder / "im" / "bear" / "00000.jpg", folder / "im" / "bear" / "00000.JPG");
  fs::rename(folder / "gt" / "bear" / "00000.png", folder / "gt" / "bear" / "00000.Png");
  write_file(folder / "im" / "car" / "._00000.jpg", "no picture");
  const auto dataset = open_dataset(options);
  ASSERT_EQ(dataset->size(), 2);
  EXPECT_EQ(dataset->get(0).name, "bear/00000");
  EXPECT_EQ(dataset->get(0).labels.size(), 3U);
}

TEST_F(Davis, ASingleObjectMayBe255) {
  write_image(folder / "gt" / "bear" / "00000.png", label_with_square({30, 40}, 3, 3, 9));
  EXPECT_EQ(open_dataset(options)->get(0).labels.size(), 1U);
  Image both = label_with_square({30, 40}, 3, 3, 9);
  *both.at(20, 20) = 1;
  write_image(folder / "gt" / "bear" / "00000.png", both);
  const Sample sample = open_dataset(options)->get(0);
  ASSERT_EQ(sample.labels.size(), 1U);  // beside an object 255 marks pixels to leave out
  EXPECT_EQ(*sample.labels[0].gray().at(20, 20), 255);
}

TEST_F(Davis, NamesWhatIsMissingOrWrong) {
  write_image(folder / "gt" / "bear" / "00000.png", label_with_square({20, 40}, 3, 3, 9));
  EXPECT_PRED2(contains, error_of([&] { open_dataset(options)->get(0); }), "must be equal");
  write_image(folder / "gt" / "bear" / "00000.png", random_picture({30, 40}, 3, 1));
  EXPECT_PRED2(contains, error_of([&] { open_dataset(options)->get(0); }), "holds colours");
  fs::remove(folder / "gt" / "bear" / "00000.png");
  EXPECT_EQ(open_dataset(options)->size(), 1);  // with a warning
  fs::rename(folder / "gt" / "car" / "00000.png", folder / "gt" / "car" / "00007.png");
  EXPECT_PRED2(contains, error_of([&] { open_dataset(options); }), "bear/00000");
  options.masks = folder / "nowhere";
  EXPECT_PRED2(contains, error_of([&] { open_dataset(options); }), "nowhere");
  options.masks = folder / "gt";
  options.image_ext = ".bmp";
  EXPECT_PRED2(contains, error_of([&] { open_dataset(options); }), "2 .jpg");
}

TEST(Big, ReadsPictureMaskAndCoarseMaskOfOneFolder) {
  const testing_support::TemporaryFolder temporary;
  const auto& folder = temporary.path;
  fs::create_directories(folder / "val");
  write_image(folder / "val" / "2007_im.jpg", random_picture({30, 40}, 3, 2));
  write_image(folder / "val" / "2007_gt.png", label_with_square({30, 40}, 3, 3, 9));
  SetOptions options{
      .name = "big", .images = folder / "val", .masks = folder / "val", .image_ext = "_im.jpg", .mask_ext = "_gt.png"};
  options.format = SetFormat::kBig;
  options.coarse = folder / "val";
  options.coarse_ext = "_seg.png";
  EXPECT_PRED2(contains, error_of([&] { open_dataset(options); }), "have no *_seg.png");
  write_image(folder / "val" / "2007_seg.png", label_with_square({30, 40}, 2, 2, 8, 1));
  const Sample sample = open_dataset(options)->get(0);
  EXPECT_EQ(sample.name, "2007");
  ASSERT_EQ(sample.coarse.size(), 1U);
  EXPECT_EQ(*sample.coarse[0].at(2, 2), 255);  // 0/1 becomes 0/255
  EXPECT_EQ(sample.zero_one_labels, 0);
  EXPECT_EQ(*sample.labels[0].gray().at(11, 11), 255);
  write_image(folder / "val" / "2007_seg.png", label_with_square({31, 40}, 2, 2, 8));
  EXPECT_PRED2(contains, error_of([&] { open_dataset(options)->get(0); }), "2007_seg.png");
}

}  // namespace hqsam
