// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/image/codec.h"
#include "hqsam/synth/coarsen.h"
#include "hqsam/synth/scene.h"
#include "hqsam/synth/write.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

constexpr int kKinds = 14;

double iou(const Mask& a, const Mask& b) {
  int64_t both = 0, either = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) {
    both += a.pixels[i] && b.pixels[i];
    either += a.pixels[i] || b.pixels[i];
  }
  return either > 0 ? static_cast<double>(both) / static_cast<double>(either) : 1;
}

Mask filled(Size size, Box box) {
  Mask mask(size.height, size.width);
  for (auto y = static_cast<int64_t>(box.y0); y <= box.y1; ++y) {
    for (auto x = static_cast<int64_t>(box.x0); x <= box.x1; ++x) mask.at(y, x) = 1;
  }
  return mask;
}

}  // namespace

TEST(SynthScene, IsTheSameForTheSameSeedAndIndex) {
  const SynthOptions options = {.size = {96, 128}, .seed = 5};
  const SynthScene scene = synth_scene(options, 3), again = synth_scene(options, 3);
  EXPECT_EQ(scene.image, again.image);
  EXPECT_EQ(scene.fine, again.fine);
  EXPECT_EQ(scene.coarse, again.coarse);
  EXPECT_EQ(scene.kind, again.kind);
  EXPECT_NE(scene.image, synth_scene(options, 3 + kKinds).image);
  EXPECT_NE(scene.image, synth_scene({.size = {96, 128}, .seed = 6}, 3).image);
}

TEST(SynthScene, ShowsEveryKindInTurn) {
  std::set<std::string> kinds;
  for (int i = 0; i < kKinds; ++i) kinds.insert(synth_scene({.size = {64, 64}}, i).kind);
  EXPECT_EQ(kinds.size(), static_cast<size_t>(kKinds));
  EXPECT_TRUE(kinds.contains("wire") && kinds.contains("wheel") && kinds.contains("leaf"));
}

TEST(SynthScene, HasMasksThatFitItsPicture) {
  const SynthOptions options = {.size = {160, 192}};
  double iou_sum = 0;
  for (int i = 0; i < 3 * kKinds; ++i) {
    const SynthScene scene = synth_scene(options, i);
    ASSERT_EQ(scene.image.size(), options.size);
    ASSERT_EQ(scene.image.channels, 3);
    ASSERT_EQ(scene.fine.size(), options.size);
    ASSERT_EQ(scene.coarse.size(), options.size);
    for (uint8_t value : scene.coarse.pixels) ASSERT_TRUE(value == 0 || value == 255);
    const Mask fine = threshold_label(scene.fine), coarse = threshold_label(scene.coarse);
    const auto box = bounding_box(fine);
    ASSERT_TRUE(box) << scene.kind;
    const double share = (box->x1 - box->x0) * (box->y1 - box->y0) / (160 * 192);
    EXPECT_GT(share, 0.07) << scene.kind;
    EXPECT_GT(iou(fine, coarse), 0) << scene.kind << i;
    iou_sum += iou(fine, coarse);
  }
  EXPECT_GT(iou_sum / (3 * kKinds), 0.25);
  EXPECT_LT(iou_sum / (3 * kKinds), 0.65);
}

TEST(SynthScene, CanBeToldFromItsGround) {
  // Mean colours inside and just outside the mask differ in nearly every scene.
  int visible = 0;
  for (int i = 0; i < 2 * kKinds; ++i) {
    const SynthScene scene = synth_scene({.size = {128, 128}}, i);
    double inside[3] = {}, outside[3] = {};
    int64_t counts[2] = {};
    for (int64_t p = 0; p < 128 * 128; ++p) {
      const bool in = scene.fine.pixels[p] > 128;
      ++counts[in];
      for (int c = 0; c < 3; ++c) (in ? inside : outside)[c] += scene.image.pixels[3 * p + c];
    }
    double distance = 0;
    for (int c = 0; c < 3; ++c) distance += std::abs(inside[c] / counts[1] - outside[c] / counts[0]);
    visible += distance > 30;
  }
  EXPECT_GE(visible, 2 * kKinds - 4);
}

TEST(SynthOptions, RefusesSizesOutOfRange) {
  EXPECT_THROW(synth_scene({.size = {32, 512}}, 0), Error);
  EXPECT_THROW(synth_scene({.size = {512, 5000}}, 0), Error);
  EXPECT_THROW(synth_scene({}, -1), Error);
}

TEST(Coarsen, KeepsThickThingsRoughly) {
  const Mask fine = filled({200, 300}, {60, 40, 219, 159});
  for (uint64_t seed = 0; seed < 10; ++seed) {
    RandomStream stream{seed};
    const Mask coarse = coarsen(fine, stream);
    EXPECT_EQ(coarse.size(), fine.size());
    EXPECT_GT(iou(fine, coarse), 0.75);
    EXPECT_LT(iou(fine, coarse), 0.999);
  }
}

TEST(Coarsen, ThickensOrLosesThinThings) {
  // A grid of lines 3 pixels wide: nobody in a hurry draws its holes.
  Mask fine(300, 300);
  for (int64_t y = 20; y < 280; ++y) {
    for (int64_t x = 20; x < 280; ++x) fine.at(y, x) = x % 20 < 3 || y % 20 < 3;
  }
  RandomStream stream{1};
  const Mask coarse = coarsen(fine, stream);
  EXPECT_GT(area(coarse), 2 * area(fine));
  EXPECT_LT(iou(fine, coarse), 0.5);
  EXPECT_GT(iou(fine, coarse), 0.1);
}

TEST(Coarsen, WorksOnMasksOfAnySize) {
  for (const Size size : {Size{1, 1}, Size{3, 500}, Size{2000, 1500}}) {
    Mask line(size.height, size.width);
    for (int64_t x = 0; x < size.width; ++x) line.at(size.height / 2, x) = 1;
    RandomStream stream{4};
    const Mask coarse = coarsen(line, stream);
    EXPECT_EQ(coarse.size(), size);
    EXPECT_GT(iou(line, coarse), 0) << size.height << "x" << size.width;
  }
  Mask dot(100, 100);
  dot.at(99, 0) = 1;
  RandomStream stream{4};
  EXPECT_GT(iou(dot, coarsen(dot, stream)), 0);
}

TEST(Coarsen, LeavesAnEmptyMaskEmpty) {
  RandomStream stream{4};
  EXPECT_EQ(coarsen(Mask(20, 30), stream), Mask(20, 30));
  EXPECT_EQ(coarsen(Mask(), stream), Mask());
}

TEST(Coarsen, DependsOnItsStreamAlone) {
  const Mask fine = filled({200, 300}, {60, 40, 219, 159});
  RandomStream first{1}, second{1}, third{2};
  const Mask coarse = coarsen(fine, first);
  EXPECT_EQ(coarse, coarsen(fine, second));
  EXPECT_NE(coarse, coarsen(fine, third));
}

TEST(WriteSynth, WritesPicturesAndBothMasksReproducibly) {
  const testing_support::TemporaryFolder temporary;
  const auto& folder = temporary.path;
  const SynthOptions options = {.size = {96, 96}, .seed = 9};
  write_synth(folder / "a", 3, options);
  write_synth(folder / "b", 3, options);
  for (const char* file : {"im/00000.jpg", "im/00002.jpg", "gt/00001.png", "coarse/00002.png"}) {
    EXPECT_EQ(read_file(folder / "a" / file), read_file(folder / "b" / file)) << file;
  }
  EXPECT_EQ(read_gray(folder / "a/gt/00001.png"), synth_scene(options, 1).fine);
  EXPECT_EQ(read_gray(folder / "a/coarse/00001.png"), synth_scene(options, 1).coarse);
  EXPECT_EQ(read_image(folder / "a/im/00001.jpg").size(), options.size);
  EXPECT_FALSE(std::filesystem::exists(folder / "a/im/00003.jpg"));
}

TEST(WriteSynth, RefusesAFolderThatHoldsSomething) {
  const testing_support::TemporaryFolder temporary;
  const auto& folder = temporary.path;
  write_file(folder / "note", "x");
  EXPECT_THROW(write_synth(folder / "", 1, {.size = {64, 64}}), Error);
  EXPECT_THROW(write_synth(folder / "note", 1, {.size = {64, 64}}), Error);
  EXPECT_THROW(write_synth(folder / "new", 0, {.size = {64, 64}}), Error);
  EXPECT_FALSE(std::filesystem::exists(folder / "new"));
}

}  // namespace hqsam
