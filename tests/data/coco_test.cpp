// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/coco.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "data/fixtures.h"
#include "hqsam/core/file.h"
#include "hqsam/image/codec.h"
#include "hqsam/mask/segmentation.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

using nlohmann::json;

// Two pictures of 40 x 50 (height x width), the second without masks.
class Coco : public ::testing::Test {
 protected:
  Coco() {
    std::filesystem::create_directories(folder / "im");
    for (const char* name : {"a.jpg", "b.jpg"}) write_image(folder / "im" / name, random_picture({40, 50}, 3, 1));
    file = {
        {"images", {image(7, "b.jpg"), image(3, "a.jpg")}},
        {"annotations", {annotation(1, json::parse("[[5, 5, 25, 5, 25, 20, 5, 20]]")), annotation(2, run_lengths())}},
        {"categories", {{{"id", 1}, {"name", "cat"}}, {{"id", 2}, {"name", "dog"}}}}};
    options = {.name = "set", .images = folder / "im"};
    options.format = SetFormat::kCoco;
    options.annotations = folder / "set.json";
  }

  static json image(int64_t id, const std::string& name) {
    return {{"id", id}, {"file_name", name}, {"height", 40}, {"width", 50}};
  }
  static json annotation(int64_t category, const json& segmentation) {
    return {{"id", category},
            {"image_id", 3},
            {"category_id", category},
            {"segmentation", segmentation},
            {"iscrowd", category == 2 ? 1 : 0},
            {"area", 300.5}};
  }
  static json run_lengths() {
    Mask mask(40, 50);
    mask.at(3, 4) = mask.at(4, 4) = mask.at(9, 30) = 1;
    return rle_to_json(rle_encode(mask));
  }
  static json box(int64_t picture, int64_t category, const json& numbers, double score = 0.5) {
    return {{"image_id", picture}, {"category_id", category}, {"bbox", numbers}, {"score", score}};
  }

  std::shared_ptr<const Dataset> open() {
    write_file(options.annotations, file.dump());
    if (!detections.is_null()) {
      options.detections = folder / "boxes.json";
      write_file(options.detections, detections.dump());
    }
    return open_coco(options);
  }
  std::string refusal() {
    return error_of([&] { open(); });
  }

  testing_support::TemporaryFolder temporary;
  const std::filesystem::path folder = temporary.path;
  json file, detections;
  SetOptions options;
};

}  // namespace

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

TEST_F(Coco, CutsADetectorsBoxesToThePicture) {
  detections = {box(3, 1, {5, 6, 10, 12}, 0.75), box(3, 2, {-5, 30, 20, 40}), box(3, 1, {60, 5, 10, 10}),
                box(3, 1, {5, 5, 0, 10}), box(7, 1, {1, 1, 5, 5})};
  const auto dataset = open();
  const Sample sample = dataset->get(0);
  ASSERT_EQ(sample.boxes.size(), 2U);
  EXPECT_EQ(sample.boxes[0].box_in_image, (Box{5, 6, 15, 18}));
  EXPECT_EQ(sample.boxes[0].score, 0.75);
  EXPECT_EQ(sample.boxes[1].box_in_image, (Box{0, 30, 15, 40}));
  EXPECT_EQ(sample.skipped, 2);
  EXPECT_EQ(dataset->get(1).boxes.size(), 1U);
  EXPECT_TRUE(sample.detected);
}

TEST_F(Coco, LeavesUnknownDetectionsOutAndRefusesThoseOfOtherData) {
  detections = {box(3, 1, {5, 6, 10, 12}), box(99, 1, {5, 6, 10, 12}), box(3, 77, {5, 6, 10, 12})};
  EXPECT_EQ(open()->get(0).boxes.size(), 1U);
  detections = json::array({box(99, 1, {5, 6, 10, 12})});
  EXPECT_PRED2(contains, refusal(), "of another data set");
  detections = json::array({box(3, 1, {5, 6, 10})});
  EXPECT_PRED2(contains, refusal(), "'bbox' must be [x, y, width, height]");
  detections[0]["image_id"] = "3";
  EXPECT_PRED2(contains, refusal(), "'image_id' must be a whole number, got string");
  detections = json::object();
  EXPECT_PRED2(contains, refusal(), "of another data set");
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

TEST_F(Coco, NamesWhatIsWrongWithTheFile) {
  const json good = file;
  const auto refusal_of = [&](auto change) {
    file = good;
    change();
    return refusal();
  };
  EXPECT_PRED2(contains, refusal_of([&] { file["images"][0].erase("width"); }), "'images': an item lacks 'width'");
  EXPECT_PRED2(contains, refusal_of([&] { file["images"][0]["id"] = 3; }), "two have the id 3");
  EXPECT_PRED2(contains, refusal_of([&] { file["images"][0]["height"] = 0; }), "0 x 50");
  EXPECT_PRED2(contains, refusal_of([&] { file["images"] = json::array(); }), "which 'images' does not have");
  EXPECT_PRED2(contains, refusal_of([&] { file = json::object(); }), "has no pictures");
  EXPECT_PRED2(contains, refusal_of([&] { file = 3; }), "expected an object or a list");
  EXPECT_PRED2(contains, refusal_of([&] { file["images"][0]["file_name"] = "c.jpg"; }), "c.jpg");
  EXPECT_PRED2(contains, refusal_of([&] { file["annotations"][0]["image_id"] = 4; }), "picture 4");
  EXPECT_PRED2(contains, refusal_of([&] { file["annotations"][0]["category_id"] = 5; }), "category 5");
  EXPECT_PRED2(contains, refusal_of([&] { file["categories"][0]["frequency"] = "often"; }), "r, c or f, got 'often'");
  EXPECT_PRED2(contains, refusal_of([&] { file["annotations"][0]["iscrowd"] = "0"; }), "'iscrowd' must be a whole");
  EXPECT_PRED2(contains, refusal_of([&] { file["annotations"][0].erase("segmentation"); }), "lacks 'segmentation'");
  file = good;
  open();
  write_file(options.annotations, good.dump().substr(0, 300));
  EXPECT_PRED2(contains, error_of([&] { open_coco(options); }), "is not sound JSON");
  write_file(options.annotations, std::string(200000, '['));
  EXPECT_PRED2(contains, error_of([&] { open_coco(options); }), "nested more than 32 deep");
  options.annotations = folder / "absent.json";
  EXPECT_PRED2(contains, error_of([&] { open_coco(options); }), "absent.json");
}

TEST_F(Coco, RefusesPicturesOfAnotherSize) {
  const auto dataset = open();
  write_image(folder / "im" / "a.jpg", random_picture({20, 50}, 3, 1));
  EXPECT_PRED2(contains, error_of([&] { dataset->get(0); }), "other pictures");
}

TEST_F(Coco, ReadsVideosFrameByFrame) {
  file = {{"videos", {{{"id", 1}, {"height", 40}, {"width", 50}, {"file_names", {"a.jpg", "b.jpg"}}}}},
          {"annotations",
           {{{"id", 1}, {"video_id", 1}, {"category_id", 2}, {"segmentations", {run_lengths(), nullptr}}},
            {{"id", 2}, {"video_id", 1}, {"category_id", 3}, {"segmentations", {run_lengths(), run_lengths()}}}}}};
  write_file(options.annotations, file.dump());
  options.format = SetFormat::kYtvis;
  const auto dataset = open_ytvis(options);
  ASSERT_EQ(dataset->size(), 2);
  EXPECT_EQ(dataset->get(0).labels.size(), 2U);
  ASSERT_EQ(dataset->get(1).labels.size(), 1U);
  EXPECT_EQ(dataset->get(1).infos[0].category, 3);
  file["annotations"][0]["segmentations"] = json::array({run_lengths()});
  write_file(options.annotations, file.dump());
  EXPECT_PRED2(contains, error_of([&] { open_ytvis(options); }), "masks for 1 frames, expected 2");
}

}  // namespace hqsam
