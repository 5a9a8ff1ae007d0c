// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/sa1b.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "data/fixtures.h"
#include "hqsam/core/file.h"
#include "hqsam/data/sa1b_json.h"
#include "hqsam/image/codec.h"
#include "hqsam/mask/segmentation.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json annotation(int64_t id, int64_t side, bool compressed = true) {
  Mask mask(40, 50);
  for (int64_t y = 0; y < side; ++y) {
    for (int64_t x = 0; x < side; ++x) mask.at(y + 5, x + 7) = 1;
  }
  return {{"id", id},
          {"segmentation", rle_to_json(rle_encode(mask), compressed)},
          {"area", side * side},
          {"bbox", {7, 5, side, side}},
          {"predicted_iou", 0.9},
          {"stability_score", 0.98},
          {"crop_box", {0, 0, 50, 40}},
          {"point_coords", {{8.5, 7.5}}}};
}

json file(const json& annotations, const std::string& name = "sa_1.png") {
  return {{"image", {{"image_id", 1}, {"width", 50}, {"height", 40}, {"file_name", name}}},
          {"annotations", annotations}};
}

PictureObjects read(const json& object) { return read_sa1b_json(object.dump(), "sa_1.json", {40, 50}); }

TEST(Sa1bJson, ReadsRunLengthsOfBothKinds) {
  const PictureObjects objects = read(file({annotation(10, 4), annotation(11, 6, false)}));
  ASSERT_EQ(objects.objects.size(), 2);
  EXPECT_EQ(objects.frame, (Size{40, 50}));
  EXPECT_EQ(rle_area(objects.objects[0].rle), 16);
  EXPECT_EQ(rle_area(objects.objects[1].rle), 36);
  EXPECT_EQ(bounding_box(rle_decode(objects.objects[1].rle)), (Box{7, 5, 12, 10}));
  EXPECT_EQ(objects.objects[1].info.area, 36);
}

TEST(Sa1bJson, CountsOddAnnotationsByTheirIds) {
  json other = annotation(77, 4), none = annotation(78, 4);
  other["segmentation"] = rle_to_json(rle_encode(Mask(30, 30)));
  none.erase("segmentation");
  const PictureObjects objects = read(file({annotation(1, 3), other, none, 5}));
  EXPECT_EQ(objects.objects.size(), 1);
  EXPECT_EQ(objects.skipped, 3);
  EXPECT_TRUE(contains(objects.why_skipped, "annotation 77: run lengths of another size: 30 x 30"))
      << objects.why_skipped;
}

TEST(Sa1bJson, TakesTheSizeOfTheRunLengthsWhereThePictureHasNone) {
  json object = file(json::array({annotation(1, 3)}));
  object["image"] = {{"image_id", 1}};
  EXPECT_EQ(read_sa1b_json(object.dump(), "a.json", {50, 40}).frame, (Size{40, 50}));
}

TEST(Sa1bJson, SaysWhatAnotherJsonIs) {
  const std::string error = error_of([] { read_sa1b_json(R"({"shapes": []})", "a.json", {4, 5}); });
  EXPECT_TRUE(contains(error, "a.json is not a JSON of SA-1B's")) << error;
  EXPECT_TRUE(contains(error, "it is LabelMe's")) << error;
}

class Sa1b : public ::testing::Test {
 protected:
  Sa1b() {
    options.name = "set";
    options.images = folder.path / "set";
    fs::create_directories(options.images);
    for (const char* name : {"sa_1", "sa_2"}) {
      write_image(options.images / (name + std::string(".png")), random_picture({40, 50}, 3, 1));
      write_file(options.images / (name + std::string(".json")),
                 file(json::array({annotation(1, 4)}), name + std::string(".png")).dump());
    }
  }
  testing_support::TemporaryFolder folder;
  SetOptions options;
};

TEST_F(Sa1b, ReadsPicturesWithTheirJsons) {
  const auto set = open_sa1b(options);
  ASSERT_EQ(set->size(), 2);
  const Sample sample = set->get(1);
  ASSERT_EQ(sample.labels.size(), 1);
  EXPECT_EQ(area(threshold_label(sample.labels[0])), 16);
}

TEST_F(Sa1b, ReadsTheSameFromAShard) {
  const fs::path shard = folder.path / "sa_000000.tar";
  if (std::system(fmt::format("tar -C {} -cf {} .", options.images.string(), shard.string()).c_str()) != 0)
    GTEST_SKIP();
  const Sample expected = open_sa1b(options)->get(0);
  options.images = shard;
  const auto set = open_sa1b(options);
  ASSERT_EQ(set->size(), 2);
  for (int64_t i = 0; i < 2; ++i) {
    const Sample sample = set->get(i);
    EXPECT_EQ(sample.labels, expected.labels);
    EXPECT_EQ(sample.image, expected.image);
  }
}

TEST_F(Sa1b, NamesJsonsWithoutAPicture) {
  fs::remove(options.images / "sa_2.png");
  const std::string error = error_of([&] { open_sa1b(options); });
  EXPECT_TRUE(contains(error, "1 of 2 JSONs have no picture")) << error;
}

}  // namespace
}  // namespace hqsam
