// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/yolo.h"

#include <gtest/gtest.h>

#include "data/fixtures.h"
#include "hqsam/core/file.h"
#include "hqsam/data/yolo_text.h"
#include "hqsam/data/yolo_yaml.h"
#include "hqsam/image/codec.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSquare = "0 0.2 0.25 0.6 0.25 0.6 0.75 0.2 0.75\n";  // 20 x 20 pixels of 40 x 50

PictureObjects read(std::string_view text, const YoloClasses& classes = {}) {
  return read_yolo_text(text, "a.txt", {40, 50}, classes);
}

TEST(YoloText, DrawsAPolygonInSharesOfTheUprightPicture) {
  const PictureObjects objects = read(kSquare);
  ASSERT_EQ(objects.objects.size(), 1);
  EXPECT_EQ(objects.frame, (Size{40, 50}));
  const Mask mask = rle_decode(objects.objects[0].rle);
  EXPECT_EQ(area(mask), 400);
  EXPECT_EQ(bounding_box(mask), (Box{10, 10, 29, 29}));
  EXPECT_EQ(objects.skipped, 0);
}

TEST(YoloText, ReadsLinesAsPeopleHaveThem) {
  const PictureObjects objects = read(
      "\xef\xbb\xbf"
      "0\t.2 .25  0.6 .25 6e-1 0.75 \r\n\r\n1.0 0 0 +1 0 1 1 0 1  \r2 0 0 0.5 0 0.5 0.5");
  ASSERT_EQ(objects.objects.size(), 3);
  EXPECT_EQ(objects.skipped, 0);
  EXPECT_EQ(objects.objects[1].info.category, 1);
  EXPECT_EQ(rle_area(objects.objects[1].rle), 2000);
  EXPECT_EQ(objects.objects[2].info.category, 2);
}

TEST(YoloText, KeepsAHoleThatABridgeCutsOpen) {
  // Around the square of 20, by the bridge to a hole of 10 in it, around that, and back.
  const PictureObjects objects =
      read("0 0.2 0.25 0.6 0.25 0.6 0.75 0.2 0.75 0.2 0.25 0.3 0.375 0.5 0.375 0.5 0.625 0.3 0.625 0.3 0.375\n");
  ASSERT_EQ(objects.objects.size(), 1);
  const Mask mask = rle_decode(objects.objects[0].rle);
  EXPECT_EQ(area(mask), 300);
  EXPECT_EQ(mask.at(20, 20), 0);
  EXPECT_EQ(mask.at(12, 12), 1);
}

TEST(YoloText, KeepsThePartsThatABridgeJoins) {
  // Two squares of 5 pixels, joined as ultralytics' converter does.
  const PictureObjects objects =
      read("3 0.2 0.25 0.1 0.25 0.1 0.125 0.2 0.125 0.2 0.25 0.6 0.5 0.7 0.5 0.7 0.625 0.6 0.625 0.6 0.5\n");
  ASSERT_EQ(objects.objects.size(), 1);
  const Mask mask = rle_decode(objects.objects[0].rle);
  EXPECT_EQ(area(mask), 50);
  EXPECT_EQ(mask.at(7, 7), 1);
  EXPECT_EQ(mask.at(22, 32), 1);
  EXPECT_EQ(mask.at(15, 20), 0);
}

TEST(YoloText, BringsWhatRoundingLeftOutsideToTheBorder) {
  const PictureObjects objects = read("0 -0.004 0 1.009 0 1.009 1 -0.004 1\n");
  ASSERT_EQ(objects.objects.size(), 1);
  EXPECT_EQ(rle_area(objects.objects[0].rle), 2000);
}

TEST(YoloText, CountsWhatIsNoPolygonByItsLine) {
  const std::pair<const char*, const char*> odd[] = {
      {"0 0.5 0.5 0.2 0.2", "a box"},
      {"0 0.5 0.5 0.2 0.2 0.9", "6 numbers, a box with a confidence"},
      {"0 0.2 0.2 0.4", "4 numbers"},
      {"0 0.2 0.25 0.6 0.25 0.6 0.75 0.97", "8 numbers"},
      {"0 0.2 0.25 nan 0.25 0.6 0.75", "'nan' is not a number"},
      {"0 0.2 0.25 0,6 0.25 0.6 0.75", "'0,6' is not a number"},
      {"cat 0.2 0.25 0.6 0.25 0.6 0.75", "'cat' is not a number"},
      {"0.5 0.2 0.25 0.6 0.25 0.6 0.75", "its class is 0.5"},
      {"-1 0.2 0.25 0.6 0.25 0.6 0.75", "its class is -1"},
      {"0 0.2 0.25 1.2 0.25 0.6 0.75", "the corner 1.2,0.25 is out of 0..1"},
      {"0 0.2 -0.5 0.2 0.25 0.6 0.75", "the corner 0.2,-0.5 is out of 0..1"},
      {"0 20 25 60 25 60 75", "the corner 20,25 is out of 0..1: these look like pixels"},
  };
  for (const auto& [line, why] : odd) {
    const PictureObjects objects = read(std::string(kSquare) + "\n" + line + "\n");
    EXPECT_EQ(objects.objects.size(), 1) << line;
    EXPECT_EQ(objects.skipped, 1) << line;
    EXPECT_TRUE(contains(objects.why_skipped, "line 3: " + std::string(why))) << objects.why_skipped;
  }
}

TEST(YoloText, RefusesPixels) {
  const std::string error = error_of([] { read("0 20 25 60 25 60 75\n0 1 2 3 4 5 6\n"); });
  EXPECT_TRUE(contains(error, "a.txt: line 1: the corner 20,25 is out of 0..1: these look like pixels")) << error;
}

TEST(YoloText, LeavesOutDoubles) {
  const PictureObjects objects = read(std::string(kSquare) + kSquare);
  EXPECT_EQ(objects.objects.size(), 1);
  EXPECT_EQ(objects.why_skipped, "line 2: the same as a line before it");
}

TEST(YoloText, NamesClassesAndLeavesOutThoseThatAreNotThere) {
  YoloClasses classes;
  classes.count = 2;
  classes.names = {{0, "cat"}, {1, "dog"}};
  const PictureObjects objects = read("1 0 0 1 0 1 1\n2 0 0 1 0 1 1\n", classes);
  ASSERT_EQ(objects.objects.size(), 1);
  EXPECT_EQ(objects.objects[0].info.category_name, "dog");
  EXPECT_EQ(objects.why_skipped, "line 2: its class is 2, but the set has 2");
}

TEST(YoloYaml, ReadsListsAndMappings) {
  const YoloYaml yaml = read_yolo_yaml(
      "path: C:\\sets\\x\ntrain: [images/a, images/b]\nval: images\\val\ntest:\nnames: {0: cat, 1: dog}\nroboflow: {x: "
      "1}\n",
      "data.yaml");
  EXPECT_EQ(yaml.path, "C:/sets/x");
  EXPECT_EQ(yaml.splits.at("train"), (std::vector<std::string>{"images/a", "images/b"}));
  EXPECT_EQ(yaml.splits.at("val"), std::vector<std::string>{"images/val"});
  EXPECT_FALSE(yaml.splits.contains("test"));
  EXPECT_EQ(yaml.classes.names.at(1), "dog");
  EXPECT_EQ(read_yolo_yaml("names: ['a', 'b']\nnc: 2", "y").classes.count, 2);
  EXPECT_EQ(read_yolo_yaml("nc: 80.0", "y").classes.count, 80);
}

TEST(YoloYaml, SaysWhatItCannotUse) {
  const auto error = [](const char* text) { return error_of([&] { read_yolo_yaml(text, "data.yaml"); }); };
  EXPECT_TRUE(contains(error("names: [a, b]\nnc: 3"), "'names' are 2, but 'nc' is 3"));
  EXPECT_TRUE(contains(error("kpt_shape: [17, 3]"), "key points"));
  EXPECT_TRUE(contains(error("train: a\ntrain: b"), "'train' is there twice"));
  EXPECT_TRUE(contains(error("train: {a: b}"), "'train' holds something that is not a word"));
  EXPECT_TRUE(contains(error("- a"), "expected a mapping"));
  EXPECT_TRUE(contains(error("a: [1"), "data.yaml:"));
}

class Yolo : public ::testing::Test {
 protected:
  Yolo() { options.name = "set"; }

  void picture(const std::string& name) {
    fs::create_directories((folder / name).parent_path());
    write_image(folder / name, random_picture({40, 50}, 3, 1));
  }
  void text(const std::string& name, const std::string& content) {
    fs::create_directories((folder / name).parent_path());
    write_file(folder / name, content);
  }
  std::shared_ptr<const Dataset> open(const fs::path& images) {
    options.images = images;
    return open_yolo(options);
  }
  std::vector<int64_t> areas(const Sample& sample) {
    std::vector<int64_t> list;
    for (const Label& label : sample.labels) list.push_back(label.area());
    return list;
  }

  testing_support::TemporaryFolder temporary;
  fs::path folder = temporary.path;
  SetOptions options;
};

TEST_F(Yolo, FindsTextsBesideTheFolderOfImages) {
  picture("images/train/a.png");
  picture("images/train/b.png");
  text("labels/train/a.txt", kSquare);
  const auto set = open(folder / "images");
  ASSERT_EQ(set->size(), 2);
  EXPECT_EQ(areas(set->get(0)), std::vector<int64_t>{400});
  EXPECT_TRUE(set->get(1).labels.empty());
}

TEST_F(Yolo, TakesTheLastImagesOnThePath) {
  picture("images/set/images/a.b.png");
  text("images/set/labels/a.b.txt", kSquare);
  EXPECT_EQ(open(folder / "images")->size(), 1);
}

TEST_F(Yolo, ReadsASplitOfAYaml) {
  picture("train/images/a.png");
  picture("valid/images/b.png");
  text("train/labels/a.txt", kSquare);
  text("valid/labels/b.txt", std::string("1") + (kSquare + 1));
  text("data.yaml", "train: ../train/images\nval: ../valid/images\nnames: [cat, dog]\nnc: 2\n");
  EXPECT_TRUE(contains(error_of([&] { open(folder / "data.yaml"); }), "several splits: train, val"));
  options.split = "val";
  for (const fs::path& images : {folder / "data.yaml", folder}) {
    const auto set = open(images);
    ASSERT_EQ(set->size(), 1);
    EXPECT_EQ(set->get(0).infos.at(0).category_name, "dog");
  }
  options.split = "test";
  EXPECT_TRUE(contains(error_of([&] { open(folder / "data.yaml"); }), "has no 'test'; it has: train, val"));
}

TEST_F(Yolo, ReadsAListOfPictures) {
  picture("set/images/a.png");
  picture("set/images/b.png");
  text("set/labels/a.txt", kSquare);
  text("set/labels/b.txt", kSquare);
  text("set/train.txt", "./images/b.png\r\nimages\\b.png\n\n");
  text("data.yaml", "path: set\ntrain: train.txt\nnames: [cat]\n");
  const auto set = open(folder / "data.yaml");
  ASSERT_EQ(set->size(), 1);
  EXPECT_TRUE(set->path(0).ends_with("set/images/b.png"));
}

TEST_F(Yolo, FindsTextsInAFolderOfTheirOwnAndBesidePictures) {
  picture("p/a.png");
  text("t/a.txt", kSquare);
  options.annotations = folder / "t";
  EXPECT_EQ(areas(open(folder / "p")->get(0)), std::vector<int64_t>{400});
  options.annotations = "";
  EXPECT_TRUE(contains(error_of([&] { open(folder / "p"); }), "none of 1 pictures has a text"));
  text("p/a.txt", kSquare);
  EXPECT_EQ(areas(open(folder / "p")->get(0)), std::vector<int64_t>{400});
}

TEST_F(Yolo, RefusesASetOfBoxes) {
  picture("images/a.png");
  text("labels/a.txt", "0 0.5 0.5 0.2 0.2\n1 0.5 0.5 0.2 0.2\n");
  const std::string error = error_of([&] { open(folder / "images"); });
  EXPECT_TRUE(contains(error, "have no polygon, but 2 boxes: it is a set for detection")) << error;
}

TEST_F(Yolo, TakesAnEmptyTextForAPictureWithoutObjects) {
  picture("images/a.png");
  picture("images/b.PNG.png");
  text("labels/a.txt", "");
  text("labels/b.PNG.txt", kSquare);
  const auto set = open(folder / "images");
  EXPECT_TRUE(set->get(0).labels.empty());
  EXPECT_EQ(set->get(1).labels.size(), 1);
}

}  // namespace
}  // namespace hqsam
