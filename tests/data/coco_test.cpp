// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/coco.h"

#include "data/coco_fixture.h"
#include "hqsam/data/open_dataset.h"

namespace hqsam {

TEST_F(Coco, GivesPicturesInOrderOfIdsWithAllTheirMasks) {
  const auto dataset = open();
  ASSERT_EQ(dataset->size(), 2);
  const Sample sample = dataset->get(0);
  EXPECT_EQ(sample.name, "a.jpg");
  EXPECT_TRUE(sample.annotated);
  ASSERT_EQ(sample.labels.size(), 2U);
  EXPECT_EQ(area(threshold_label(sample.labels[0])), 300);
  EXPECT_EQ(area(threshold_label(sample.labels[1])), 3);
  EXPECT_EQ(sample.infos[0].category, 1);
  EXPECT_FALSE(sample.infos[0].crowd);
  EXPECT_EQ(sample.infos[0].area, 300.5);
  EXPECT_TRUE(sample.infos[1].crowd);
  EXPECT_TRUE(dataset->get(1).labels.empty());
  EXPECT_EQ(dataset->path(1), (folder / "im" / "b.jpg").string());
}

TEST_F(Coco, ListsMayComeInAnyOrder) {
  const std::string text = "{\"categories\": " + file["categories"].dump() +
                           ", \"annotations\": " + file["annotations"].dump() +
                           ", \"info\": {\"a\": [{}]}, \"images\": " + file["images"].dump() + "}";
  write_file(options.annotations, text);
  EXPECT_EQ(open_coco(options)->get(0).labels.size(), 2U);
}

TEST_F(Coco, ReadsLvisUrlsAndItsListsOfCategories) {
  std::filesystem::create_directories(folder / "im" / "val2017");
  std::filesystem::rename(folder / "im" / "a.jpg", folder / "im" / "val2017" / "a.jpg");
  file["images"][1].erase("file_name");
  file["images"][1]["coco_url"] = "http://images.example.org/val2017/a.jpg";
  file["images"][1]["neg_category_ids"] = {2};
  file["images"][1]["not_exhaustive_category_ids"] = {1};
  file["categories"][0]["frequency"] = "r";
  const Sample sample = open()->get(0);
  EXPECT_EQ(sample.infos[0].frequency, 'r');
  EXPECT_EQ(sample.infos[1].frequency, 0);
  EXPECT_FALSE(sample.detected);
  EXPECT_TRUE(sample.federated);
  EXPECT_EQ(sample.negative_categories, std::vector<int64_t>{2});
  EXPECT_EQ(sample.not_exhaustive_categories, std::vector<int64_t>{1});
}

TEST_F(Coco, CountsMasksThatLie) {
  file["annotations"][1]["segmentation"] = {{"size", {50, 40}}, {"counts", {2000}}};  // another picture's
  file["annotations"].push_back(annotation(1, {{"size", {40, 50}}, {"counts", "o4o4o4o4o4o4"}}));
  file["annotations"].push_back(annotation(1, {{"size", {40, 50}}, {"counts", {2000}}}));  // nothing inside
  file["annotations"].push_back(annotation(1, json::parse("[[1, 2, 3]]")));
  const Sample sample = open()->get(0);
  ASSERT_EQ(sample.labels.size(), 2U);
  EXPECT_EQ(sample.infos.size(), 2U);
  EXPECT_EQ(area(threshold_label(sample.labels[1])), 0);
  EXPECT_EQ(sample.skipped, 3);
}

TEST_F(Coco, TakesIdsAsNumbersFloatsAndTexts) {
  file["images"][1]["id"] = 3.0;
  file["annotations"][0]["image_id"] = "3";
  file["annotations"][0]["category_id"] = "1";
  file["annotations"][1]["category_id"] = 2.0;
  const Sample sample = open()->get(0);
  ASSERT_EQ(sample.labels.size(), 2U);
  EXPECT_EQ(sample.infos[0].category, 1);
  EXPECT_EQ(sample.infos[0].category_name, "cat");
  EXPECT_EQ(sample.infos[1].category, 2);
  EXPECT_EQ(sample.infos[1].category_name, "dog");
}

TEST_F(Coco, TakesLargeIdsAndIdsThatAreNoNumbers) {
  file["images"][0]["id"] = 18446744073709551615ULL;
  file["images"][1]["id"] = "a-7f";
  for (json& one : file["annotations"]) one["image_id"] = "a-7f";
  file["categories"][0]["id"] = "cat-id";
  file["annotations"][0]["category_id"] = "cat-id";
  const auto dataset = open();
  EXPECT_TRUE(dataset->get(0).labels.empty());
  const Sample sample = dataset->get(1);  // in order of the ids' texts
  ASSERT_EQ(sample.labels.size(), 2U);
  EXPECT_EQ(sample.name, "a.jpg");
  EXPECT_EQ(sample.infos[0].category, 3);  // above all that are numbers
  EXPECT_EQ(sample.infos[0].category_name, "cat");
}

TEST_F(Coco, TakesThePicturesSizeWhereNoneIsStated) {
  for (const json& height : {json(0), json(nullptr), json("tall"), json(40.5), json(-40)}) {
    file["images"][1]["height"] = height;
    const Sample sample = open()->get(0);
    ASSERT_EQ(sample.labels.size(), 2U) << height;
    EXPECT_EQ(area(threshold_label(sample.labels[0])), 300);
  }
  file["images"][1].erase("width");
  EXPECT_EQ(open()->get(0).labels.size(), 2U);
  file["images"][1]["width"] = "50";
  file["images"][1]["height"] = 40.0;
  EXPECT_EQ(open()->get(0).labels.size(), 2U);
}

TEST_F(Coco, LeavesOneOddAnnotationOutAndCountsIt) {
  const json good = file;
  const char* odd[] = {R"({"bbox": [1, 1, 5, 5]})",
                       R"({"segmentation": null})",
                       R"({"segmentation": [], "keypoints": [1, 2, 2]})",
                       R"({"caption": "a cat"})",
                       R"({"segmentation": [[]]})",
                       R"({"segmentation": [[1, 1, 5, 1]]})",
                       R"({"segmentation": [[1, 1, 5, 1, 5, 5, 1]]})",
                       R"({"segmentation": [[1, 1, 5, 1, 5, NaN]]})",
                       R"({"segmentation": [[1, 1, 5, 1, 5, -Infinity]]})",
                       R"({"segmentation": [[1, 1, 5, 1, 5, null]]})",
                       R"({"segmentation": [[1, 1, 5, 1, 5, 1e30]]})",
                       R"({"segmentation": "polygon"})",
                       R"({"segmentation": {"counts": [2000]}})",
                       R"({"segmentation": {"size": [40, 50], "counts": [-1, 2001]}})",
                       R"({"segmentation": {"size": [40, 50], "counts": [1999]}})",
                       R"({"segmentation": [[1, 1, 5, 1, 5, 5]], "iscrowd": "some"})",
                       R"({"segmentation": [[1, 1, 5, 1, 5, 5]], "category_id": 77})"};
  for (const char* text : odd) {
    file = good;
    std::string item = text;
    item.insert(item.size() - 1, R"(, "id": 9, "image_id": 3)" +
                                     std::string(item.find("category_id") == item.npos ? R"(, "category_id": 1)" : ""));
    std::string whole = file.dump();
    whole.insert(whole.find("\"annotations\":[") + 15, item + ",");
    write_file(options.annotations, whole);
    const Sample sample = open_coco(options)->get(0);
    EXPECT_EQ(sample.labels.size(), 2U) << text;
    EXPECT_EQ(sample.skipped, 1) << text;
  }
}

TEST_F(Coco, LeavesMasksOfUnknownPicturesAndValuesThatAreNoObjectsOut) {
  json stray = annotation(1, json::parse("[[5, 5, 25, 5, 25, 20]]"));
  stray["image_id"] = 4;
  file["annotations"].push_back(stray);
  file["annotations"].push_back(nullptr);
  file["annotations"].push_back(7);
  file["images"].push_back({{"id", 8}});               // no name
  file["images"].push_back({{"file_name", "b.jpg"}});  // no id
  const auto dataset = open();
  EXPECT_EQ(dataset->size(), 2);
  EXPECT_EQ(dataset->get(0).labels.size(), 2U);
}

TEST_F(Coco, ReadsWhatPycocotoolsReads) {
  file["annotations"][0]["iscrowd"] = nullptr;
  file["annotations"][1]["iscrowd"] = "0";
  file["annotations"][0]["category_id"] = nullptr;
  file["annotations"][0]["area"] = "300.5";
  file["annotations"][1]["area"] = "large";
  file["images"].push_back(file["images"][1]);  // once more
  const Sample sample = open()->get(0);
  ASSERT_EQ(sample.labels.size(), 2U);
  EXPECT_FALSE(sample.infos[0].crowd);
  EXPECT_FALSE(sample.infos[1].crowd);
  EXPECT_EQ(sample.infos[0].category, -1);
  EXPECT_EQ(sample.infos[0].area, 300.5);
  EXPECT_EQ(sample.infos[1].area, -1);
}

TEST_F(Coco, NeedsNoCategories) {
  file.erase("categories");
  file["info"] = "anything";
  file["licenses"] = 3;
  const Sample sample = open()->get(0);
  EXPECT_EQ(sample.labels.size(), 2U);
  EXPECT_EQ(sample.infos[1].category, 2);
  EXPECT_EQ(sample.infos[1].category_name, "");
}

TEST_F(Coco, ReadsAFileWithAByteOrderMark) {
  write_file(options.annotations, "\xef\xbb\xbf" + file.dump());
  EXPECT_EQ(open_coco(options)->get(0).labels.size(), 2U);
}

TEST_F(Coco, TakesCrowdsOrNotByTheSetsRule) {
  EXPECT_TRUE(open()->get(0).infos[1].crowd);
  options.crowd = CrowdRule::kUse;
  EXPECT_FALSE(open()->get(0).infos[1].crowd);
  file["annotations"][0]["iscrowd"] = true;
  EXPECT_FALSE(open()->get(0).infos[0].crowd);
  options.crowd = CrowdRule::kSkip;
  EXPECT_PRED2(contains, refusal(), "all 2 annotations are marked iscrowd");
  EXPECT_PRED2(contains, refusal(), "crowd: use takes them");
}

TEST_F(Coco, SaysWhyAFileHasNoMasks) {
  const json good = file;
  file["annotations"] = json::array();
  EXPECT_PRED2(contains, refusal(), "has no annotations");
  file = good;
  for (json& one : file["annotations"]) {
    one.erase("segmentation");
    one["bbox"] = {1, 2, 3, 4};
  }
  EXPECT_PRED2(contains, refusal(), "none of its 2 annotations has a mask");
  EXPECT_PRED2(contains, refusal(), "2 a box, no segmentation (1, 2)");
}

TEST_F(Coco, DrawsOneMaskOfMany) {
  const auto dataset = open();
  const auto second = [](const std::vector<MaskBrief>& masks) {
    EXPECT_EQ(masks.size(), 2U);
    EXPECT_EQ(masks[0].area, 300);
    EXPECT_TRUE(masks[1].crowd);
    return int64_t{1};
  };
  const Sample sample = dataset->get_one(0, second);
  ASSERT_EQ(sample.labels.size(), 1U);
  EXPECT_EQ(area(threshold_label(sample.labels[0])), 3);
  EXPECT_EQ(sample.infos[0].category, 2);
  EXPECT_TRUE(dataset->get_one(0, [](const auto&) { return int64_t{-1}; }).labels.empty());
  EXPECT_EQ(dataset->masks_of(0).size(), 2U);
  EXPECT_EQ(dataset->masks_of(0)[1].area, 3);
}

TEST_F(Coco, IsRefusedBeforeARunWhereAPictureHasAnotherSize) {
  const auto dataset = open();
  look_before_run("set", *dataset, 2, OnError::kStop);
  write_image(dataset->path(0), random_picture({30, 50}, 3, 1));
  EXPECT_PRED2(contains, error_of([&] { look_before_run("set", *dataset, 2, OnError::kStop); }),
               "is 50x30 but its annotations say");
}

TEST_F(Coco, NamesWhatIsWrongWithTheFile) {
  const json good = file;
  const auto refusal_of = [&](auto change) {
    file = good;
    change();
    return refusal();
  };
  EXPECT_PRED2(contains, refusal_of([&] { file["images"][0]["id"] = "3"; }), "two pictures have the id 3");
  EXPECT_PRED2(contains, refusal_of([&] { file["images"] = json::array(); }), "has no pictures");
  EXPECT_PRED2(contains, refusal_of([&] { file = json::object(); }), "has no 'images'");
  EXPECT_PRED2(contains, refusal_of([&] { file = {{"shapes", json::array()}}; }), "type: labelme");
  EXPECT_PRED2(contains, refusal_of([&] { file = 3; }), "expected an object or a list");
  EXPECT_PRED2(contains, refusal_of([&] { file = json(file["annotations"]); }), "a list of predictions");
  EXPECT_PRED2(contains, refusal_of([&] { file["images"][0]["file_name"] = "c.jpg"; }), "not there (c.jpg)");
  EXPECT_PRED2(contains, refusal_of([&] { file["images"][0]["file_name"] = "c.jpg"; }), "which has a.jpg, b.jpg");
  file = good;
  open();
  write_file(options.annotations, good.dump().substr(0, 300));
  EXPECT_PRED2(contains, error_of([&] { open_coco(options); }), "is not sound JSON");
  write_file(options.annotations, std::string("\xff\xfe{\0", 4));
  EXPECT_PRED2(contains, error_of([&] { open_coco(options); }), "UTF-16");
  write_file(options.annotations, R"({"images": [], "annotations": [], "images": []})");
  EXPECT_PRED2(contains, error_of([&] { open_coco(options); }), "the key 'images' twice in one object");
  write_file(options.annotations, std::string(200000, '['));
  EXPECT_PRED2(contains, error_of([&] { open_coco(options); }), "nested more than 32 deep");
  write_file(options.annotations, "{\"images\": [" + std::string(5000, 'x'));
  EXPECT_LT(error_of([&] { open_coco(options); }).size(), 600U);
  options.annotations = folder / "absent.json";
  EXPECT_PRED2(contains, error_of([&] { open_coco(options); }), "absent.json");
}

TEST_F(Coco, LeavesAFewMissingPicturesOut) {
  for (int i = 0; i < 18; ++i) {
    const std::string name = "n" + std::to_string(i) + ".jpg";
    std::filesystem::copy_file(folder / "im" / "b.jpg", folder / "im" / name);
    file["images"].push_back(image(100 + i, name));
  }
  std::filesystem::remove(folder / "im" / "n3.jpg");
  std::filesystem::remove(folder / "im" / "n4.jpg");
  EXPECT_EQ(open()->size(), 18);
  std::filesystem::remove(folder / "im" / "n5.jpg");
  EXPECT_PRED2(contains, refusal(), "3 of the 20 pictures");
}

TEST_F(Coco, RefusesPicturesOfAnotherSize) {
  const auto dataset = open();
  write_image(folder / "im" / "a.jpg", random_picture({20, 50}, 3, 1));
  const std::string refusal = error_of([&] { dataset->get(0); });
  EXPECT_PRED2(contains, refusal, "is 50x20 but its annotations say 50x40 (width x height): these are other pictures");
  write_image(folder / "im" / "a.jpg", random_picture({50, 40}, 3, 1));
  EXPECT_PRED2(contains, error_of([&] { dataset->get(0); }), "are height and width exchanged?");
}

namespace {

// A JPEG with an EXIF orientation tag.
std::string with_orientation(std::string jpeg, char orientation) {
  const std::string exif(
      "\xff\xe1\x00\x22"
      "Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0",
      29);
  return jpeg.insert(2, exif + orientation + std::string(6, '\0'));
}

}  // namespace

TEST_F(Coco, TurnsMasksOfTheStoredFrameWithThePicture) {
  const auto path = folder / "im" / "a.jpg";
  write_file(path, with_orientation(read_file(path), 6));  // stored 40 x 50, upright 50 x 40
  detections = json::array({box(3, 1, {5, 6, 10, 12})});
  const Sample sample = open()->get(0);
  ASSERT_EQ(sample.image.size(), (Size{50, 40}));
  EXPECT_TRUE(sample.turned);
  EXPECT_EQ(sample.notes.orientation, 6);
  const Mask mask = threshold_label(sample.labels[0]);
  EXPECT_EQ(area(mask), 300);
  EXPECT_EQ(bounding_box(mask), (Box{20, 5, 34, 24}));  // x = 40 - 1 - y: rows 5 to 19 of the stored picture
  EXPECT_EQ(sample.boxes[0].box_in_image, (Box{22, 5, 34, 15}));
  options.exif = ExifRule::kApply;
  EXPECT_PRED2(contains, error_of([&] { open()->get(0); }), "try exif: auto");
  options.exif = ExifRule::kIgnore;
  EXPECT_EQ(open()->get(0).image.size(), (Size{40, 50}));
  EXPECT_FALSE(open()->get(0).turned);
}

TEST_F(Coco, LeavesMasksOfTheUprightFrameAsTheyAre) {
  const auto path = folder / "im" / "a.jpg";
  write_file(path, with_orientation(read_file(path), 8));
  file["images"][1]["height"] = 50;
  file["images"][1]["width"] = 40;
  file["annotations"].erase(1);
  const Sample upright = open()->get(0);
  ASSERT_EQ(upright.image.size(), (Size{50, 40}));
  EXPECT_FALSE(upright.turned);
  EXPECT_EQ(bounding_box(threshold_label(upright.labels[0])), (Box{5, 5, 24, 19}));
  file["images"][1].erase("height");  // not stated: upright
  EXPECT_EQ(bounding_box(threshold_label(open()->get(0).labels[0])), (Box{5, 5, 24, 19}));
  file["annotations"].push_back(annotation(2, run_lengths()));  // but run lengths state the stored frame
  const Sample turned = open()->get(0);
  EXPECT_TRUE(turned.turned);
  EXPECT_EQ(turned.labels.size(), 2U);
}

}  // namespace hqsam
