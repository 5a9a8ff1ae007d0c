// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/pairing.h"

#include <gtest/gtest.h>

#include "data/fixtures.h"

namespace hqsam {
namespace {

using Names = std::vector<std::string>;

std::vector<DataFile> files(const Names& names) {
  std::vector<DataFile> all;
  for (const std::string& name : names) all.push_back({name, "/set/" + name, -1, 0});
  return all;
}

// "picture: mask mask" for each pair.
Names pairs(const Names& images, const Names& masks, SetOptions options = {}) {
  options.name = "set";
  SetFiles all{files(images), files(masks), {}};
  all.together = images == masks;
  Names lines;
  for (const PicturePair& pair : pair_files(options, all)) {
    lines.push_back(pair.image.name + ":");
    for (const DataFile& mask : pair.masks) lines.back() += " " + mask.name;
  }
  return lines;
}

std::string refusal(const Names& images, const Names& masks, const SetOptions& options = {}) {
  return error_of([&] { pairs(images, masks, options); });
}

}  // namespace

TEST(Pairing, TakesEveryEndingOfPictures) {
  EXPECT_EQ(pairs({"a.jpg", "b.JPEG", "c.png", "d.webp", "e.tif", "f.pnm"},
                  {"a.png", "b.PNG", "c.gif", "d.tiff", "e.npy", "f.pgm"}),
            (Names{"a.jpg: a.png", "b.JPEG: b.PNG", "c.png: c.gif", "d.webp: d.tiff", "e.tif: e.npy", "f.pnm: f.pgm"}));
}

TEST(Pairing, TakesOtherEndingsBesideTheSetsOwnWhereTheyHaveMasks) {
  EXPECT_EQ(pairs({"a.jpg", "b.png", "c.jpeg", "a.png"}, {"a.png", "b.png", "c.png"}, {.image_ext = ".jpg"}),
            (Names{"a.jpg: a.png", "b.png: b.png", "c.jpeg: c.png"}));
}

TEST(Pairing, FindsNestedFoldersAndFlatOnes) {
  EXPECT_EQ(pairs({"x/a.jpg", "y/a.jpg"}, {"x/a.png", "y/a.png"}), (Names{"x/a.jpg: x/a.png", "y/a.jpg: y/a.png"}));
  EXPECT_EQ(pairs({"x/a.jpg", "y/b.jpg"}, {"a.png", "b.png"}), (Names{"x/a.jpg: a.png", "y/b.jpg: b.png"}));
}

TEST(Pairing, FindsMasksByWordsNumbersAndWholeNames) {
  EXPECT_EQ(pairs({"a.jpg", "b.jpg"}, {"a_mask.png", "b_mask.png"}), (Names{"a.jpg: a_mask.png", "b.jpg: b_mask.png"}));
  EXPECT_EQ(pairs({"a.jpg"}, {"mask_a.png"}), (Names{"a.jpg: mask_a.png"}));
  EXPECT_EQ(pairs({"a.jpg"}, {"a.jpg.png"}), (Names{"a.jpg: a.jpg.png"}));
  EXPECT_EQ(pairs({"a.jpg"}, {"a_0.png", "a_1.png"}), (Names{"a.jpg: a_0.png a_1.png"}));
  EXPECT_EQ(pairs({"a.jpg"}, {"a/0.png", "a/1.png"}), (Names{"a.jpg: a/0.png a/1.png"}));
  EXPECT_EQ(pairs({"img_0.jpg", "img_1.jpg"}, {"mask_0.png", "mask_1.png"}),
            (Names{"img_0.jpg: mask_0.png", "img_1.jpg: mask_1.png"}));
}

TEST(Pairing, FindsMasksBesidePictures) {
  const Names word = {"a.png", "a_mask.png", "b.png", "b_mask.png"};
  EXPECT_EQ(pairs(word, word), (Names{"a.png: a_mask.png", "b.png: b_mask.png"}));
  EXPECT_EQ(pairs(word, word, {.image_ext = ".png", .mask_ext = "_mask.png"}),
            (Names{"a.png: a_mask.png", "b.png: b_mask.png"}));
  const Names ending = {"a.jpg", "a.png", "b.jpg", "b.png"};
  EXPECT_EQ(pairs(ending, ending), (Names{"a.jpg: a.png", "b.jpg: b.png"}));
}

TEST(Pairing, FindsMasksInAFolderBesideTheirOnePicture) {
  const Names nuclei = {"a1/images/a1.png", "a1/masks/x.png", "a1/masks/y.png", "b2/images/b2.png", "b2/masks/z.png"};
  EXPECT_EQ(pairs(nuclei, nuclei),
            (Names{"a1/images/a1.png: a1/masks/x.png a1/masks/y.png", "b2/images/b2.png: b2/masks/z.png"}));
}

TEST(Pairing, FollowsThePatternOfASet) {
  EXPECT_EQ(
      pairs({"21_training.tif"}, {"21_manual1.gif"}, {.image_ext = "_training.tif", .mask_name = "{stem}_manual1.gif"}),
      (Names{"21_training.tif: 21_manual1.gif"}));
  EXPECT_EQ(pairs({"a.jpg"}, {"a__x_left.png", "a__y_left.png", "a__y_right.png"}, {.mask_name = "{stem}__*_left.png"}),
            (Names{"a.jpg: a__x_left.png a__y_left.png"}));
}

TEST(Pairing, LeavesOutWhatIsOnOneSideOnlyAndRefusesBoth) {
  EXPECT_EQ(pairs({"a.jpg", "b.jpg"}, {"a.png"}), (Names{"a.jpg: a.png"}));
  EXPECT_EQ(pairs({"a.jpg"}, {"a.png", "b.png"}), (Names{"a.jpg: a.png"}));
  const std::string message = refusal({"a.jpg", "b.jpg"}, {"a.png", "x7.png"});
  for (const char* part : {"1 of 2 pictures", "b.jpg", "x7.png", "mask_name"}) EXPECT_PRED2(contains, message, part);
}

TEST(Pairing, TakesNoRuleThatFitsAFewByChance) {
  EXPECT_PRED2(contains, refusal({"0.jpg", "1.jpg", "2.jpg"}, {"0/00000_hair.png", "0/00001_hair.png"}), "no mask");
}

TEST(Pairing, RefusesTwinsAndSaysWhatAnEmptyFolderHolds) {
  EXPECT_PRED2(contains, refusal({"a.jpg", "a.png"}, {"a.png"}), "image_ext");
  EXPECT_PRED2(contains, refusal({"a.jpg"}, {"a.png", "a.gif"}), "mask_ext");
  EXPECT_PRED2(contains, refusal({"a.heic", "b.heic"}, {"a.png"}), "2 .heic");
}

}  // namespace hqsam
