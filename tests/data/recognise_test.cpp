// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/recognise.h"

#include <gtest/gtest.h>

#include "data/fixtures.h"
#include "hqsam/core/file.h"
#include "hqsam/data/find_sets.h"
#include "hqsam/data/hqseg44k.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

// Files by name; recognising looks at names and at JSON's keys.
struct Tree {
  testing_support::TemporaryFolder temporary;
  const fs::path root = temporary.path;

  void add(const std::string& name, const std::string& content = "x") const {
    fs::create_directories((root / name).parent_path());
    write_file(root / name, content);
  }
  SetFormat format(SetOptions options) const {
    options.name = "set";
    for (fs::path* path : {&options.images, &options.masks, &options.annotations}) {
      if (!path->empty()) *path = root / *path;
    }
    return recognise(options).format;
  }
};

constexpr const char* kCocoJson = R"({"images": [], "annotations": []})";

}  // namespace

TEST(Recognise, TellsFormatsFromFiles) {
  const Tree tree;
  tree.add("im/a.jpg");
  tree.add("gt/a.png");
  tree.add("coco.json", kCocoJson);
  tree.add("ytvis.json", R"({"videos": [], "annotations": [{"segmentations": []}]})");
  tree.add("lm/a.jpg"), tree.add("lm/a.json", R"({"shapes": [], "imagePath": "a.jpg"})");
  tree.add("sa/a.jpg"), tree.add("sa/a.json", R"({"image": {}, "annotations": []})");
  tree.add("yolo/images/a.jpg"), tree.add("yolo/labels/a.txt"), tree.add("yolo/data.yaml");
  tree.add("voc/JPEGImages/a.jpg"), tree.add("voc/SegmentationClass/a.png");
  EXPECT_EQ(tree.format({.images = "im", .masks = "gt"}), SetFormat::kFolder);
  EXPECT_EQ(tree.format({.images = "im"}), SetFormat::kFolder);
  EXPECT_EQ(tree.format({.images = "im", .annotations = "coco.json"}), SetFormat::kCoco);
  EXPECT_EQ(tree.format({.images = "im", .annotations = "ytvis.json"}), SetFormat::kYtvis);
  EXPECT_EQ(tree.format({.images = "lm"}), SetFormat::kLabelme);
  EXPECT_EQ(tree.format({.images = "im", .annotations = "lm"}), SetFormat::kLabelme);
  EXPECT_EQ(tree.format({.images = "sa"}), SetFormat::kSa1b);
  EXPECT_EQ(tree.format({.images = "yolo/images"}), SetFormat::kYolo);
  EXPECT_EQ(tree.format({.images = "yolo/data.yaml"}), SetFormat::kYolo);
  EXPECT_EQ(tree.format({.images = "voc"}), SetFormat::kVoc);
  EXPECT_EQ(tree.format({.images = "x-{0..3}.tar"}), SetFormat::kTar);
}

TEST(Recognise, RefusesTwoAnswersAndUnknownJson) {
  const Tree tree;
  tree.add("im/a.jpg"), tree.add("im/one.json", kCocoJson), tree.add("im/two.json", kCocoJson);
  tree.add("other.json", "{}");
  EXPECT_PRED2(contains, error_of([&] { tree.format({.images = "im"}); }), "two.json");
  EXPECT_PRED2(contains, error_of([&] { tree.format({.images = "im", .annotations = "other.json"}); }), "set type");
  EXPECT_PRED2(contains, error_of([&] { tree.format({.images = "im", .masks = "im", .annotations = "x"}); }), "both");
}

TEST(FindSets, FindsFoldersUnderUsualNames) {
  const Tree tree;
  for (const char* name :
       {"a/im/1.jpg", "a/gt/1.png", "b/train/Images/1.jpg", "b/train/masks/1.png", "b/val/images/2.jpg",
        "b/val/masks/2.png", "c/x/im/1.jpg", "c/x/gt/1.png", "c/y/im/1.jpg", "c/y/gt/1.png"}) {
    tree.add(name);
  }
  EXPECT_EQ(find_sets(tree.root / "a").train.at(0).masks, tree.root / "a/gt");
  const FoundSets two = find_sets(tree.root / "b");
  EXPECT_EQ(two.train.at(0).images, tree.root / "b/train/Images");
  EXPECT_EQ(two.valid.at(0).masks, tree.root / "b/val/masks");
  EXPECT_EQ(find_sets(tree.root / "c").train.size(), 2U);
}

TEST(FindSets, RefusesTwoFoldersOfMasks) {
  const Tree tree;
  for (const char* name : {"images/1.tif", "mask/1.gif", "1st_manual/1.gif"}) tree.add(name);
  const std::string message = error_of([&] { find_sets(tree.root); });
  for (const char* part : {"mask", "1st_manual", "both"}) EXPECT_PRED2(contains, message, part);
}

TEST(FindSets, FindsThePicturesOfACocoJson) {
  const Tree tree;
  tree.add("train2017/1.jpg"), tree.add("val2017/1.jpg");
  tree.add("annotations/instances_val2017.json", kCocoJson);
  EXPECT_EQ(find_sets(tree.root / "annotations/instances_val2017.json").train.at(0).images, tree.root / "val2017");
}

TEST(FindSets, SplitsFoldersOfTrainAndVal) {
  const Tree tree;
  for (const char* part : {"train", "val"}) {
    for (const char* folder : {"images", "masks"}) tree.add(fmt::format("{}/{}/a.png", folder, part));
  }
  tree.add("images/test/b.png");  // without masks
  const FoundSets found = find_sets(tree.root);
  ASSERT_EQ(found.train.size(), 1u);
  ASSERT_EQ(found.valid.size(), 1u);
  EXPECT_EQ(found.train[0].images, tree.root / "images/train");
  EXPECT_EQ(found.train[0].masks, tree.root / "masks/train");
  EXPECT_EQ(found.valid[0].masks, tree.root / "masks/val");
}

TEST(FindSets, PairsFoldersByTheWordsOfTheirNames) {
  const Tree tree;
  for (const char* folder : {"train_images", "train_masks", "val_images", "val_masks"}) {
    tree.add(std::string(folder) + "/a.png");
  }
  const FoundSets found = find_sets(tree.root);
  ASSERT_EQ(found.train.size(), 1u);
  ASSERT_EQ(found.valid.size(), 1u);
  EXPECT_EQ(found.train[0].masks, tree.root / "train_masks");
  EXPECT_EQ(found.valid[0].masks, tree.root / "val_masks");
  const Tree duts;
  for (const char* part : {"TR", "TE"}) {
    duts.add(fmt::format("DUTS-{0}/DUTS-{0}-Image/a.jpg", part));
    duts.add(fmt::format("DUTS-{0}/DUTS-{0}-Mask/a.png", part));
  }
  EXPECT_EQ(find_sets(duts.root).train.at(0).masks, duts.root / "DUTS-TR/DUTS-TR-Mask");
  const Tree two;
  for (const char* folder : {"left", "left_mask", "left_gt"}) two.add(std::string(folder) + "/a.png");
  EXPECT_PRED2(contains, error_of([&] { find_sets(two.root); }), "both could hold the masks");
}

TEST(FindSets, FindsCocosOwnLayout) {
  const Tree tree;
  for (const char* part : {"train2017", "val2017"}) {
    tree.add(fmt::format("{}/a.jpg", part));
    tree.add(fmt::format("annotations/instances_{}.json", part),
             R"({"images": [], "annotations": [{"segmentation": []}]})");
    tree.add(fmt::format("annotations/captions_{}.json", part), kCocoJson);
  }
  const FoundSets found = find_sets(tree.root);
  ASSERT_EQ(found.train.size(), 1u);
  ASSERT_EQ(found.valid.size(), 1u);
  EXPECT_EQ(found.train[0].images, tree.root / "train2017");
  EXPECT_EQ(found.valid[0].annotations, tree.root / "annotations/instances_val2017.json");
}

TEST(FindSets, NamesOtherToolsAndLooksIntoASingleFolder) {
  const Tree via;
  via.add("a.jpg"), via.add("a.json", R"({"a": {"regions": [{"shape_attributes": {}}]}})");
  SetOptions set;
  set.images = via.root;
  EXPECT_PRED2(contains, error_of([&] { recognise(set); }), "VIA");
  const Tree kit;
  kit.add("VOCdevkit/VOC2012/JPEGImages/a.jpg"), kit.add("VOCdevkit/VOC2012/SegmentationClass/a.png");
  EXPECT_EQ(find_sets(kit.root).train.at(0).images, kit.root / "VOCdevkit/VOC2012");
}

TEST(FindSets, SaysWhatAFolderHoldsThatIsNone) {
  const Tree tree;
  tree.add("notes.txt"), tree.add("a.heic");
  const std::string message = error_of([&] { find_sets(tree.root); });
  EXPECT_PRED2(contains, message, "1 .heic");
  EXPECT_PRED2(contains, error_of([&] { find_sets(tree.root / "none"); }), "not there");
}

TEST(HqSeg44k, FindsItsSetsAndLeavesOutWhatIsExcluded) {
  const Tree tree;
  for (const char* folder :
       {"DIS5K/DIS-TR/im", "DIS5K/DIS-TR/gt", "DIS5K/DIS-VD/im", "DIS5K/DIS-VD/gt", "cascade_psp/fss_all",
        "cascade_psp/DUTS-TR", "cascade_psp/DUTS-TE", "cascade_psp/ecssd", "cascade_psp/MSRA_10K"}) {
    fs::create_directories(tree.root / "data" / folder);
  }
  const std::string message = error_of([&] { find_hqseg44k(tree.root, {}); });
  EXPECT_PRED2(contains, message, "thin_object_detection/ThinObject5K/images_train");
  const HqSeg44k found = find_hqseg44k(tree.root, {"thinobject5k", "COIFT", "HRSOD", "DUTS-TE"});
  ASSERT_EQ(found.train.size(), 5U);
  EXPECT_EQ(found.train[1].images, tree.root / "data/cascade_psp/fss_all");
  EXPECT_EQ(found.train[1].mask.kind, MaskFileKind::kSoft);
  ASSERT_EQ(found.valid.size(), 1U);
  EXPECT_EQ(found.valid[0].name, "DIS5K-VD");
  EXPECT_PRED2(contains, error_of([&] { find_hqseg44k(tree.root, {"ThinObjet5K-TR"}); }), "did you mean");
}

}  // namespace hqsam
