// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/mask_file.h"

#include <gtest/gtest.h>

#include "data/fixtures.h"

namespace hqsam {
namespace {

using Kind = MaskLook::Kind;

// 40 x 60 samples; objects are squares of 10 pixels, value[i] at column 15 * i.
template <class Sample>
Raster squares(const std::vector<Sample>& values, Sample ground = 0) {
  Raster raster;
  raster.height = 40, raster.width = 60, raster.channels = 1;
  std::vector<Sample> samples(40 * 60, ground);
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t y = 5; y < 15; ++y) {
      for (size_t x = 0; x < 10; ++x) samples[y * 60 + 15 * i + x + 2] = values[i];
    }
  }
  raster.samples = samples;
  return raster;
}

Raster palette_of(Raster raster, std::vector<std::array<uint8_t, 3>> palette) {
  raster.palette = std::move(palette);
  return raster;
}

const std::vector<std::array<uint8_t, 3>> kColours = {{0, 0, 0}, {128, 0, 0}, {0, 128, 0}, {128, 128, 0}};

// RGB or RGBA out of a plane of numbers.
Raster coloured(const Raster& plane, const std::vector<std::vector<uint8_t>>& colours) {
  Raster raster = plane;
  raster.channels = static_cast<int64_t>(colours.front().size());
  raster.alpha = raster.channels == 4;
  std::vector<uint8_t> samples;
  for (const uint8_t value : std::get<std::vector<uint8_t>>(plane.samples)) {
    samples.insert(samples.end(), colours.at(value).begin(), colours.at(value).end());
  }
  raster.samples = samples;
  return raster;
}

Kind look(const Raster& raster) { return look_at_mask(raster, "it").kind; }

// The masks' areas as a set of one file reads it.
std::vector<int64_t> areas(const Raster& raster, MaskRule rule = {}) {
  const MaskReading reading = decide_mask_reading("set", rule, {{"it", look_at_mask(raster, "it")}});
  const MaskFile file(raster, reading, "it");
  std::vector<int64_t> areas;
  for (size_t i = 0; i < file.labels().size(); ++i) {
    const Image label = file.label(i);
    const auto inside = std::count_if(label.pixels.begin(), label.pixels.end(), [](uint8_t v) { return v > 128; });
    EXPECT_EQ(inside, file.labels()[i].area);
    areas.push_back(inside);
  }
  return areas;
}

std::string refusal(const Raster& raster, MaskRule rule = {}) {
  return error_of([&] { areas(raster, std::move(rule)); });
}

using Areas = std::vector<int64_t>;

}  // namespace

TEST(MaskFile, BlackAndWhiteAndZeroOneAreOneMaskInAnyBits) {
  EXPECT_EQ(areas(squares<uint8_t>({255})), Areas{100});
  EXPECT_EQ(areas(squares<uint8_t>({1, 1})), Areas{200});
  EXPECT_EQ(areas(squares<uint16_t>({1})), Areas{100});
  EXPECT_EQ(areas(squares<uint16_t>({255})), Areas{100});
  EXPECT_EQ(areas(squares<uint16_t>({65535})), Areas{100});
  EXPECT_EQ(areas(squares<float>({1.F})), Areas{100});
  EXPECT_EQ(areas(squares<float>({255.F})), Areas{100});
  EXPECT_EQ(areas(squares<float>({0.9F})), Areas{100});
  EXPECT_EQ(areas(squares<int32_t>({1})), Areas{100});
}

TEST(MaskFile, EachLabelIsAMask) {
  EXPECT_EQ(areas(squares<uint8_t>({1, 2, 2})), (Areas{100, 200}));
  EXPECT_EQ(areas(squares<uint8_t>({100, 200})), (Areas{100, 100}));
  EXPECT_EQ(areas(squares<uint8_t>({38})), Areas{100});
  EXPECT_EQ(areas(squares<uint16_t>({1, 2, 300})), (Areas{100, 100, 100}));
  EXPECT_EQ(areas(squares<float>({1.F, 2.F})), (Areas{100, 100}));
  EXPECT_EQ(areas(palette_of(squares<uint8_t>({1, 3}), kColours)), (Areas{100, 100}));
  EXPECT_EQ(areas(palette_of(squares<uint8_t>({2}), kColours)), Areas{100});
}

TEST(MaskFile, OneToThreeWithoutZeroMayBeATrimap) {
  Raster pets = squares<uint8_t>({1, 2});
  for (uint8_t& value : std::get<std::vector<uint8_t>>(pets.samples)) ++value;
  EXPECT_PRED2(contains, refusal(pets), "select: [1] and ignore: 3");
  EXPECT_EQ(areas(pets, {.kind = MaskFileKind::kIds, .ignore = 3, .select = {"1"}}).size(), 1u);
}

TEST(MaskFile, 255BesideLabelsIsUnknown) {
  const Raster file = squares<uint8_t>({1, 2, 255});
  EXPECT_EQ(areas(file), (Areas{100, 100}));
  const MaskReading reading = decide_mask_reading("set", {}, {{"it", look_at_mask(file, "it")}});
  const Image unknown = MaskFile(file, reading, "it").unknown();
  EXPECT_EQ(std::count(unknown.pixels.begin(), unknown.pixels.end(), 255), 100);
  EXPECT_EQ(areas(file, {.kind = MaskFileKind::kIds, .ignore = -1}), (Areas{100, 100, 100}));
  EXPECT_EQ(areas(file, {.kind = MaskFileKind::kIds, .ignore = 2}), (Areas{100, 100}));
  EXPECT_EQ(areas(squares<uint16_t>({1, 255, 300})), (Areas{100, 100, 100}));  // of 16 bits 255 is one of many
}

TEST(MaskFile, SelectKeepsTheValuesNamed) {
  EXPECT_EQ(areas(squares<uint8_t>({1, 2, 3}), {.kind = MaskFileKind::kClasses, .select = {"2"}}), Areas{100});
  EXPECT_EQ(areas(squares<uint8_t>({1, 2, 3}), {.kind = MaskFileKind::kIds, .select = {"0", "3"}}),
            (Areas{40 * 60 - 300, 100}));
}

TEST(MaskFile, ClassesTellTheirValueAsCategory) {
  const MaskReading reading = decide_mask_reading("set", {.kind = MaskFileKind::kClasses}, {});
  const MaskFile file(squares<uint8_t>({7, 15}), reading, "it");
  EXPECT_EQ(file.info(0).category, 7);
  EXPECT_EQ(file.info(1).category, 15);
}

TEST(MaskFile, EachColourIsAMask) {
  const std::vector<std::vector<uint8_t>> rgb = {{0, 0, 0}, {255, 0, 0}, {0, 255, 0}};
  EXPECT_EQ(areas(coloured(squares<uint8_t>({2}), rgb)), Areas{100});
  EXPECT_EQ(areas(coloured(squares<uint8_t>({1, 2}), rgb)), (Areas{100, 100}));
  EXPECT_EQ(areas(coloured(squares<uint8_t>({1, 2}), rgb), {.kind = MaskFileKind::kColours, .select = {"#FF0000"}}),
            Areas{100});
  EXPECT_EQ(areas(coloured(squares<uint8_t>({1, 1}), {{0, 0, 0}, {255, 255, 255}})), Areas{200});  // gray in RGB
  EXPECT_PRED2(contains, refusal(coloured(squares<uint8_t>({1}), {{255, 255, 255}, {255, 0, 0}})), "#ffffff");
}

TEST(MaskFile, OpacityIsAMaskWhereItTellsPixelsApart) {
  EXPECT_EQ(areas(coloured(squares<uint8_t>({1}), {{0, 0, 0, 0}, {0, 0, 0, 255}})), Areas{100});
  EXPECT_EQ(areas(coloured(squares<uint8_t>({1}), {{255, 255, 255, 0}, {255, 255, 255, 255}})), Areas{100});
  EXPECT_EQ(areas(coloured(squares<uint8_t>({1}), {{0, 0, 0, 255}, {255, 255, 255, 255}})), Areas{100});
  const std::vector<std::vector<uint8_t>> overlay = {{0, 0, 0, 0}, {255, 0, 0, 128}, {0, 255, 0, 128}};
  EXPECT_PRED2(contains, refusal(coloured(squares<uint8_t>({1, 2}), overlay)), "mask_kind: alpha");
  EXPECT_EQ(areas(coloured(squares<uint8_t>({1, 2}), overlay), {.kind = MaskFileKind::kColours}), (Areas{100, 100}));
}

TEST(MaskFile, SoftEdgesStayAsTheyAre) {
  Raster soft = squares<uint8_t>({255});
  auto& samples = std::get<std::vector<uint8_t>>(soft.samples);
  for (size_t y = 5; y < 15; ++y) samples[y * 60 + 1] = static_cast<uint8_t>(90 + y), samples[y * 60 + 12] = 30;
  EXPECT_EQ(look(soft), Kind::kSoft);
  const MaskReading reading = decide_mask_reading("set", {}, {{"it", look_at_mask(soft, "it")}});
  EXPECT_EQ(MaskFile(soft, reading, "it").label(0).pixels, samples);
  EXPECT_EQ(areas(soft, {.kind = MaskFileKind::kBinary, .threshold = 20}), Areas{120});
}

TEST(MaskFile, TwoReadingsAreAnErrorWithTheValues) {
  const std::string trimap = refusal(squares<uint8_t>({128, 255}));
  for (const char* part : {"128 (", "255 (", "ignore: 128", "mask_kind"}) EXPECT_PRED2(contains, trimap, part);
  EXPECT_EQ(areas(squares<uint8_t>({128, 255}), {.kind = MaskFileKind::kBinary, .ignore = 128}), Areas{100});
  EXPECT_PRED2(contains, refusal(squares<uint8_t>({85, 170, 255})), "ignore: -1");
  EXPECT_PRED2(contains, refusal(palette_of(squares<uint8_t>({1}), {{255, 255, 255}, {0, 0, 0}})), "palette's colours");
  Raster picture = squares<uint8_t>({});
  RandomStream stream{7};
  for (uint8_t& value : std::get<std::vector<uint8_t>>(picture.samples))
    value = static_cast<uint8_t>(stream.below(250));
  EXPECT_PRED2(contains, refusal(picture), "values");
}

TEST(MaskFile, FilesOfTwoKindsAreAnErrorThatNamesBoth) {
  const auto seen = [](const char* name, const Raster& raster) { return SeenMask{name, look_at_mask(raster, name)}; };
  const SeenMask binary = seen("a.png", squares<uint8_t>({255})), labels = seen("b.png", squares<uint8_t>({1, 2})),
                 ones = seen("c.png", squares<uint8_t>({1}));
  const std::string message = error_of([&] { decide_mask_reading("set", {}, {binary, ones, labels}); });
  for (const char* part : {"a.png", "b.png", "set", "mask_kind"}) EXPECT_PRED2(contains, message, part);
  EXPECT_EQ(decide_mask_reading("set", {}, {ones, labels}).rule.kind, MaskFileKind::kIds);
  EXPECT_EQ(decide_mask_reading("set", {}, {ones, binary}).rule.kind, MaskFileKind::kBinary);
}

TEST(MaskFile, ALaterFileOfAnotherKindIsRefused) {
  const MaskReading reading = decide_mask_reading("set", {}, {{"a.png", look_at_mask(squares<uint8_t>({255}), "a")}});
  EXPECT_PRED2(contains, error_of([&] { MaskFile(squares<uint8_t>({1, 2}), reading, "b.png"); }), "b.png holds labels");
  const auto colours = coloured(squares<uint8_t>({1}), {{0, 0, 0}, {9, 200, 9}});
  EXPECT_PRED2(contains, error_of([&] { MaskFile(colours, reading, "c.png"); }), "mask_kind: colours");
}

TEST(MaskFile, NumbersThatNoMaskHasAreRefused) {
  EXPECT_PRED2(contains, refusal(squares<int32_t>({-3})), "negative");
  EXPECT_PRED2(contains, refusal(squares<float>({400.5F})), "400.5");
}

TEST(MaskFile, ThinThingsWithSoftEdgesAreSoft) {
  Raster thin = squares<uint8_t>({});
  auto& samples = std::get<std::vector<uint8_t>>(thin.samples);
  RandomStream stream{3};
  for (size_t x = 0; x < 60; ++x) {  // a slanted line, brighter in its middle
    samples[(5 + x / 3) * 60 + x] = static_cast<uint8_t>(x % 7 == 0 ? 255 : 60 + stream.below(190));
    samples[(6 + x / 3) * 60 + x] = static_cast<uint8_t>(20 + stream.below(200));
  }
  EXPECT_EQ(look(thin), Kind::kSoft);
}

TEST(MaskFile, LossyFilesHoldNoLabels) {
  Raster labels = squares<uint8_t>({1, 2});
  labels.lossy = true;
  EXPECT_PRED2(contains, refusal(labels), "JPEG");
  Raster mask = coloured(squares<uint8_t>({1}), {{0, 3, 1}, {255, 250, 252}});  // a lossy WebP of a gray mask
  EXPECT_EQ(look(mask), Kind::kUnclear);
  mask.lossy = true;
  EXPECT_EQ(areas(mask), Areas{100});
}

}  // namespace hqsam
