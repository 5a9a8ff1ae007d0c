// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/place_prompt.h"

#include <limits>

#include "golden.h"
#include "hqsam/core/file.h"
#include "hqsam/image/codec.h"
#include "hqsam/predict/mask_prompt_file.h"
#include "hqsam/predict/prompt_source.h"
#include "temporary_folder.h"

namespace hqsam {
using testing_support::message_of;
using testing_support::TemporaryFolder;

namespace {

constexpr Size kPicture{.height = 100, .width = 200};

std::string refusal(BoxForm form, const std::array<double, 4>& numbers) {
  return message_of([&] { place_box({form, numbers}, kPicture); });
}

bool has(const std::string& message, const std::string& words) { return message.find(words) != std::string::npos; }

StatedPrompt boxed(double x0, double y0, double x1, double y1) {
  StatedPrompt prompt;
  prompt.box = StatedBox{BoxForm::kCorners, {x0, y0, x1, y1}};
  return prompt;
}

Raster gray(std::vector<uint8_t> samples) {
  Raster raster;
  raster.height = 1;
  raster.width = static_cast<int64_t>(samples.size());
  raster.channels = 1;
  raster.samples = std::move(samples);
  return raster;
}

std::string refusal(const Raster& raster) {
  return message_of([&] { mask_of_raster(raster, "m.png", false); });
}

std::vector<uint8_t> inside(const Raster& raster, bool lossy = false) {
  return mask_of_raster(raster, "m.png", lossy).pixels;
}

}  // namespace

TEST(PlaceBox, EachFormIsTheSameBox) {
  const Box box{20, 30, 60, 80};
  EXPECT_EQ(place_box({BoxForm::kCorners, {20, 30, 60, 80}}, kPicture), box);
  EXPECT_EQ(place_box({BoxForm::kCornerAndSize, {20, 30, 40, 50}}, kPicture), box);
  const Box centred = place_box({BoxForm::kCentre, {0.2, 0.55, 0.2, 0.5}}, kPicture);
  EXPECT_NEAR(centred.x0, 20, 1e-9);
  EXPECT_NEAR(centred.y0, 30, 1e-9);
  EXPECT_NEAR(centred.x1, 60, 1e-9);
  EXPECT_NEAR(centred.y1, 80, 1e-9);
}

TEST(PlaceBox, CutsWhatReachesOutside) {
  EXPECT_EQ(place_box({BoxForm::kCorners, {-5, -7, 900, 50}}, kPicture), (Box{0, 0, 200, 50}));
  EXPECT_EQ(place_box({BoxForm::kCornerAndSize, {150, 50, 55, 55}}, kPicture), (Box{150, 50, 200, 100}));
}

TEST(PlaceBox, RefusesWhatIsNoBox) {
  EXPECT_TRUE(has(refusal(BoxForm::kCorners, {5, 5, 5, 9}), "has no area"));
  EXPECT_TRUE(has(refusal(BoxForm::kCorners, {9, 5, 5, 9}), "has no area"));
  EXPECT_TRUE(has(refusal(BoxForm::kCornerAndSize, {5, 5, 0, 9}), "the box 5,5,0,9 (x,y,width,height) has no area"));
  EXPECT_TRUE(has(refusal(BoxForm::kCorners, {200, 5, 300, 9}), "lies outside of 200x100"));
  EXPECT_TRUE(has(refusal(BoxForm::kCorners, {-9, 5, 0, 9}), "lies outside of 200x100"));
  EXPECT_TRUE(has(refusal(BoxForm::kCorners, {0, 0, 9, std::numeric_limits<double>::infinity()}), "not finite"));
}

TEST(PlaceBox, RefusesWhatReadsBetterAnotherWay) {
  EXPECT_TRUE(has(refusal(BoxForm::kCorners, {0.1, 0.1, 0.5, 0.5}), "give pixels, not shares"));
  EXPECT_TRUE(has(refusal(BoxForm::kCornerAndSize, {0, 0, 1, 1}), "give pixels, not shares"));
  EXPECT_TRUE(has(refusal(BoxForm::kCentre, {100, 50, 20, 20}), "are they pixels?"));
  EXPECT_TRUE(has(refusal(BoxForm::kCornerAndSize, {100, 50, 180, 90}), "would fit as x0,y0,x1,y1"));
  EXPECT_EQ(refusal(BoxForm::kCornerAndSize, {10, 5, 195, 98}), "");  // a detector's that reaches a little outside
}

TEST(PlacePrompts, WrongOnesLeaveTheOthers) {
  StatedPrompts stated;
  stated.prompts = {boxed(1, 2, 30, 40), boxed(300, 0, 400, 9), {}, boxed(-5, 0, 30, 40)};
  stated.prompts[2].points = {{200, 5}};
  const PlacedPrompts placed = place_prompts(stated, {kPicture, 1}, 64, 16);
  ASSERT_EQ(placed.placed.size(), 2u);
  EXPECT_EQ(placed.placed[0].prompt.box, (Box{1, 2, 30, 40}));
  EXPECT_FALSE(placed.placed[0].cut);
  EXPECT_EQ(placed.placed[1].number, 3u);
  EXPECT_TRUE(placed.placed[1].cut);
  ASSERT_EQ(placed.failed.size(), 2u);
  EXPECT_EQ(placed.failed[0].number, 1u);
  EXPECT_TRUE(has(placed.failed[1].reason, "the point 200,5 lies outside"));
}

TEST(PlacePrompts, NoUsableOneIsAnError) {
  StatedPrompts stated;
  stated.prompts = {boxed(300, 0, 400, 9)};
  const auto refusal_of = [&] { return message_of([&] { place_prompts(stated, {kPicture, 1}, 64, 16); }); };
  EXPECT_TRUE(has(refusal_of(), "the box 300,0,400,9 (x0,y0,x1,y1) lies outside"));
  stated.prompts.push_back(boxed(5, 5, 5, 5));
  EXPECT_TRUE(has(refusal_of(), "none of its 2 prompts can be used"));
  stated.prompts = {StatedPrompt{}};
  stated.prompts[0].points = {{0.5, 0.25}};
  EXPECT_TRUE(has(refusal_of(), "not shares"));
}

TEST(PlacePrompts, BoxesOfTheStoredPixelsAreTurnedWithThem) {
  StatedPrompts stated;
  stated.prompts = {boxed(10, 20, 30, 60)};
  stated.frame = Size{.height = 200, .width = 100};  // the picture is 200 wide once it is upright
  const PlacedPrompts placed = place_prompts(stated, {kPicture, 6}, 64, 16);
  EXPECT_EQ(placed.placed[0].prompt.box, (Box{140, 10, 180, 30}));  // turned clockwise
  stated.frame = kPicture;
  EXPECT_EQ(place_prompts(stated, {kPicture, 6}, 64, 16).placed[0].prompt.box, (Box{10, 20, 30, 60}));
  stated.frame = Size{.height = 50, .width = 100};
  EXPECT_TRUE(has(message_of([&] { place_prompts(stated, {kPicture, 1}, 64, 16); }), "made on 100x50 pixels"));
}

TEST(MaskPromptFile, TakesOneMask) {
  EXPECT_EQ(inside(gray({0, 255, 255})), (std::vector<uint8_t>{0, 1, 1}));
  EXPECT_EQ(inside(gray({0, 200, 0})), (std::vector<uint8_t>{0, 1, 0}));
  EXPECT_EQ(inside(gray({0, 255, 255, 130, 120})), (std::vector<uint8_t>{0, 1, 1, 1, 0}));  // soft edges
  bool ones = false;
  EXPECT_EQ(mask_of_raster(gray({0, 1}), "m.png", false, &ones).pixels, (std::vector<uint8_t>{0, 1}));
  EXPECT_TRUE(ones);
  Raster wide = gray({});
  wide.width = 2;
  wide.samples = std::vector<uint16_t>{0, 65535};
  EXPECT_EQ(inside(wide), (std::vector<uint8_t>{0, 1}));
  wide.samples = std::vector<float>{0, 1};
  EXPECT_EQ(inside(wide), (std::vector<uint8_t>{0, 1}));
}

TEST(MaskPromptFile, TakesEqualChannelsFullOpacityAndGrayPalettes) {
  Raster raster = gray({0, 0, 0, 0, 255, 255, 255, 255});
  raster.width = 2;
  raster.channels = 4;
  raster.alpha = true;
  EXPECT_TRUE(has(refusal(raster), "an opacity channel of values 0, 255"));
  std::get<std::vector<uint8_t>>(raster.samples)[3] = 255;
  EXPECT_EQ(inside(raster), (std::vector<uint8_t>{0, 1}));
  Raster indexed = gray({1, 0});
  indexed.palette = {{255, 255, 255}, {0, 0, 0}};
  EXPECT_EQ(inside(indexed), (std::vector<uint8_t>{0, 1}));
  indexed.palette[1] = {128, 0, 0};
  EXPECT_TRUE(has(refusal(indexed), "has colours: #800000"));
}

TEST(MaskPromptFile, RefusesSeveralLabelsWithTheirValues) {
  std::vector<uint8_t> trimap(300, 0);
  std::fill(trimap.begin() + 100, trimap.begin() + 200, uint8_t{255});
  std::fill(trimap.begin() + 200, trimap.begin() + 240, uint8_t{128});
  EXPECT_TRUE(has(refusal(gray(trimap)), "holds the values 0, 128, 255, several labels"));
  EXPECT_TRUE(has(refusal(gray({0, 1, 2, 3})), "has no inside: no pixel is above 128, the values are 0, 1, 2, 3"));
  EXPECT_TRUE(has(refusal(gray({0, 0})), "no inside"));
  std::vector<uint8_t> many;
  for (int id = 0; id < 200; ++id) many.insert(many.end(), 40, static_cast<uint8_t>(id));
  EXPECT_TRUE(has(refusal(gray(many)), "0, 1, 2, 3, 4, 5, 6, 7 and more"));
  Raster colours = gray({255, 0, 0, 0, 0, 0});
  colours.width = 2;
  colours.channels = 3;
  EXPECT_TRUE(has(refusal(colours), "has colours: (255 0 0)"));
}

TEST(MaskPromptFile, LetsTheNoiseOfAJpegPass) {
  std::vector<uint8_t> noisy(200, 3);
  std::fill(noisy.begin() + 100, noisy.end(), uint8_t{250});
  EXPECT_FALSE(refusal(gray(noisy)).empty());
  EXPECT_EQ(inside(gray(noisy), /*lossy=*/true)[150], 1);
}

TEST(MaskPromptFile, AMaskOfTheStoredPixelsIsTurnedWithThePicture) {
  const TemporaryFolder folder;
  Image mask(64, 32, 1);  // as stored: its upper half is inside
  std::fill(mask.pixels.begin(), mask.pixels.begin() + 32 * 32, uint8_t{255});
  write_image(folder.path / "m.png", mask);
  const auto prompt = read_mask_prompt(folder.path / "m.png", {Size{.height = 32, .width = 64}, 6}, 64, 16);
  EXPECT_EQ(prompt[0][2][15].item<float>(), 255);  // the top of a picture that is turned clockwise lies right
  EXPECT_EQ(prompt[0][2][0].item<float>(), 0);
  EXPECT_TRUE(has(message_of([&] {
                    read_mask_prompt(folder.path / "m.png", {Size{.height = 32, .width = 64}, 1}, 64, 16);
                  }),
                  "has 32x64 pixels, the picture 64x32: they must be equal"));
}

TEST(PromptSource, ReadsAFolderOfTexts) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path / "labels/sub");
  write_file(folder.path / "labels/a.txt", "0 .5 .5 .2 .2\n0 .5 .5 .4 .4 .9\n");
  write_file(folder.path / "labels/sub/b.txt", "");
  write_file(folder.path / "labels/classes.txt", "kite\n");
  const PromptSource source(folder.path / "labels", {"in/a.jpg", "in/sub/b.jpg", "in/c.jpg"});
  EXPECT_EQ(source.of(0).prompts.size(), 2u);
  EXPECT_TRUE(source.of(1).prompts.empty());
  EXPECT_TRUE(source.of(2).prompts.empty());
  const PromptSource one(folder.path / "labels/a.txt", {"in/other.jpg"});  // the only picture's
  EXPECT_EQ(one.of(0).prompts.size(), 2u);
  EXPECT_TRUE(has(message_of([&] {
                    PromptSource(folder.path / "labels/a.txt", {"x.jpg", "y.jpg"});
                  }),
                  "has no prompts for any of the 2 pictures"));
  EXPECT_TRUE(has(message_of([&] { PromptSource(folder.path, {"x.jpg"}); }), "has no prompts for x.jpg"));
}

}  // namespace hqsam
