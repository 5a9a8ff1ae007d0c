// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/labelme.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "data/fixtures.h"
#include "hqsam/core/base64.h"
#include "hqsam/core/file.h"
#include "hqsam/data/labelme_json.h"
#include "hqsam/data/odd_objects.h"
#include "hqsam/image/codec.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json shape(const char* type, const json& points, const json& label = "cat") {
  return {{"label", label}, {"points", points}, {"group_id", nullptr}, {"shape_type", type}, {"flags", json::object()}};
}

json file(const json& shapes) {
  return {{"version", "5.4.1"},   {"flags", json::object()}, {"shapes", shapes}, {"imagePath", "a.png"},
          {"imageData", nullptr}, {"imageHeight", 40},       {"imageWidth", 50}};
}

PictureObjects read(const json& object) { return read_labelme_json(object.dump(), "a.json", {40, 50}); }

TEST(LabelmeJson, DrawsEveryShapeWithAnArea) {
  const json corners = {{10, 10}, {30, 10}, {30, 20}, {10, 20}};
  const PictureObjects objects = read(file({
      shape("polygon", corners, "cat"),
      shape("rectangle", {{30.0, 20.0}, {10.0, 10.0}}, "dog"),
      shape("rotation", corners, "bus"),
      shape("rectangle", corners, "box"),
      shape("circle", {{25, 20}, {25, 30}}, "sun"),
  }));
  ASSERT_EQ(objects.objects.size(), 5);
  EXPECT_EQ(objects.skipped, 0);
  EXPECT_EQ(objects.frame, (Size{40, 50}));
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(rle_area(objects.objects[i].rle), 200);
    EXPECT_EQ(bounding_box(rle_decode(objects.objects[i].rle)), (Box{10, 10, 29, 19}));
  }
  EXPECT_NEAR(static_cast<double>(rle_area(objects.objects[4].rle)), 3.14159 * 100, 6);
  EXPECT_EQ(objects.objects[1].info.category_name, "dog");
  EXPECT_EQ(objects.objects[1].info.category, category_of_name("dog"));
}

TEST(LabelmeJson, PastesAMaskBetweenItsCorners) {
  Image image(2, 3, 1);
  image.pixels = {1, 0, 1, 1, 1, 0};
  json mask = shape("mask", {{10.0, 20.0}, {12.0, 21.0}});
  mask["mask"] = base64_text(encode_image(image, ".png"));
  const PictureObjects objects = read(file(json::array({mask})));
  ASSERT_EQ(objects.objects.size(), 1) << objects.why_skipped;
  const Mask pasted = rle_decode(objects.objects[0].rle);
  EXPECT_EQ(area(pasted), 4);
  EXPECT_EQ(pasted.at(20, 10), 1);
  EXPECT_EQ(pasted.at(20, 11), 0);
  EXPECT_EQ(pasted.at(21, 11), 1);
  mask["points"] = {{10.0, 20.0}, {13.0, 21.0}};
  EXPECT_TRUE(contains(read(file(json::array({mask}))).why_skipped, "a mask of 3x2 between corners for 4x2"));
  mask["points"] = {{48.0, 39.0}, {50.0, 40.0}};
  EXPECT_EQ(rle_area(read(file(json::array({mask}))).objects.at(0).rle), 1);
}

TEST(LabelmeJson, JoinsShapesOfOneLabelAndGroup) {
  json a = shape("rectangle", {{0, 0}, {10, 10}}), b = shape("rectangle", {{5, 5}, {15, 15}});
  json other = shape("rectangle", {{20, 20}, {30, 30}}, "dog"), alone = shape("rectangle", {{0, 0}, {1, 1}});
  a["group_id"] = b["group_id"] = other["group_id"] = 1;
  const PictureObjects objects = read(file({a, other, b, alone}));
  ASSERT_EQ(objects.objects.size(), 3);
  EXPECT_EQ(rle_area(objects.objects[0].rle), 175);
  EXPECT_EQ(rle_area(objects.objects[1].rle), 100);
}

TEST(LabelmeJson, CountsWhatHasNoMask) {
  json null_point = shape("polygon", {{0, 0}, {nullptr, 3}, {4, 4}});
  for (const auto& [odd, why] : std::vector<std::pair<json, std::string>>{
           {shape("linestrip", {{0, 0}, {5, 5}, {9, 9}}), "a linestrip has no area"},
           {shape("line", {{0, 0}, {5, 5}}), "a line has no area"},
           {shape("point", {{0, 0}}), "a point has no area"},
           {shape("polygon", {{0, 0}, {5, 5}}), "at least 3 corners"},
           {shape("rectangle", {{0, 0}}), "a rectangle of 1 points"},
           {shape("blob", {{0, 0}, {5, 5}, {9, 0}}), "unknown type 'blob'"},
           {shape("polygon", {{0, 0}, {5, 5}, {9, 0}}, "__ignore__"), "'__ignore__' is not an object"},
           {shape("mask", {{0, 0}, {5, 5}}), "is not a PNG in base64"},
           {null_point, "point 1 is not a pair of numbers"},
           {json(5), "it is number"},
           {json::object(), "no list of points"}}) {
    const PictureObjects objects = read(file({odd, shape("rectangle", {{0, 0}, {1, 1}})}));
    EXPECT_EQ(objects.objects.size(), 1);
    EXPECT_EQ(objects.skipped, 1);
    EXPECT_TRUE(contains(objects.why_skipped, "shape 1") && contains(objects.why_skipped, why)) << objects.why_skipped;
  }
}

TEST(LabelmeJson, ReadsOldFilesAndWhatScriptsWrite) {
  // 3.x: no shape_type, no size; colours. A number as label, NaN from Python.
  const PictureObjects objects = read_labelme_json(
      R"({"flags": {}, "shapes": [{"label": 7, "line_color": null, "points": [[0, 0], [10, 0], [10, 10]]},
          {"label": "x", "points": [[NaN, 0], [10, 0], [10, 10]]}],
          "lineColor": [0, 255, 0, 128], "imagePath": "..\\x\\a.png", "imageData": "AAAA\"shapes\\\"BBBB\\"})",
      "a.json", {30, 20});
  ASSERT_EQ(objects.objects.size(), 1);
  EXPECT_EQ(objects.frame, (Size{30, 20}));
  EXPECT_EQ(objects.objects[0].info.category_name, "7");
  EXPECT_EQ(objects.skipped, 1);
}

TEST(LabelmeJson, PassesOverThePictureWithin) {
  json object = file(json::array({shape("rectangle", {{0, 0}, {10, 10}})}));
  object["imageData"] = std::string(20'000'000, 'A');
  const std::string text = object.dump();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(read_labelme_json(text, "a.json", {40, 50}).objects.size(), 1);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(500));
}

TEST(LabelmeJson, SaysWhatAnotherJsonIs) {
  const auto error = [](const std::string& text) {
    return error_of([&] { read_labelme_json(text, "a.json", {4, 5}); });
  };
  EXPECT_TRUE(contains(error(R"({"images": [], "annotations": []})"), "a.json is not a JSON of LabelMe's"));
  EXPECT_TRUE(contains(error(R"({"images": [], "annotations": []})"), "it is COCO's"));
  EXPECT_TRUE(contains(error(R"({"x": 1})"), "an object of 'x'"));
  EXPECT_TRUE(contains(error("[]"), "expects a JSON object, got []"));
  EXPECT_TRUE(contains(error("{\"shapes\": [{"), "a.json is not sound JSON"));
}

class Labelme : public ::testing::Test {
 protected:
  Labelme() {
    options.name = "set";
    options.images = folder.path / "im";
    fs::create_directories(options.images);
  }
  void picture(const std::string& name) {
    fs::create_directories((options.images / name).parent_path());
    write_image(options.images / name, random_picture({40, 50}, 3, 1));
  }
  void annotate(const fs::path& path, const std::string& picture) {
    json object = file(json::array({shape("rectangle", {{10, 10}, {20, 20}})}));
    object["imagePath"] = picture;
    fs::create_directories(path.parent_path());
    write_file(path, object.dump());
  }
  std::string error() {
    return error_of([&] { open_labelme(options); });
  }

  testing_support::TemporaryFolder folder;
  SetOptions options;
};

TEST_F(Labelme, PairsByNameThenByWhatTheJsonStates) {
  picture("a.png");
  picture("b.png");
  picture("sub/c.png");
  picture("alone.png");
  annotate(options.images / "a.json", "b.png");  // a copied JSON: its own name counts
  annotate(options.images / "other.json", "C:\\data\\x\\b.png");
  annotate(options.images / "sub/c_json.json", "../../c.png");
  const auto set = open_labelme(options);
  ASSERT_EQ(set->size(), 3);
  const Sample sample = set->get(0);
  ASSERT_EQ(sample.labels.size(), 1);
  EXPECT_EQ(area(threshold_label(sample.labels[0])), 100);
  EXPECT_EQ(sample.infos.at(0).category_name, "cat");
}

TEST_F(Labelme, FindsJsonsInAFolderOfTheirOwn) {
  picture("x/a.png");
  annotate(folder.path / "json/a.json", "a.png");
  options.annotations = folder.path / "json";
  EXPECT_EQ(open_labelme(options)->size(), 1);
}

TEST_F(Labelme, NamesJsonsWithoutAPicture) {
  picture("a.png");
  annotate(options.images / "a.json", "a.png");
  annotate(options.images / "b.json", "gone.png");
  EXPECT_TRUE(contains(error(), "1 of 2 JSONs have no picture")) << error();
  EXPECT_TRUE(contains(error(), "b.json (of 'gone.png')")) << error();
}

TEST_F(Labelme, LeavesOutOtherJsonsAmongThem) {
  picture("a.png");
  annotate(options.images / "a.json", "a.png");
  write_file(options.images / "coco.json", R"({"images": [], "annotations": []})");
  EXPECT_EQ(open_labelme(options)->size(), 1);
  fs::remove(options.images / "a.json");
  EXPECT_TRUE(contains(error(), "coco.json is not a JSON of LabelMe's; it is COCO's")) << error();
  fs::remove(options.images / "coco.json");
  EXPECT_TRUE(contains(error(), "has 1 pictures and 0 JSONs")) << error();
}

TEST_F(Labelme, AsksWhereAJsonMayBeOfTwoPictures) {
  picture("a.png");
  picture("a.jpg");
  annotate(options.images / "a.json", "a.jpg");
  EXPECT_TRUE(open_labelme(options)->path(0).ends_with("a.jpg"));
  annotate(options.images / "a.json", "b.jpg");
  EXPECT_TRUE(contains(error(), "a.json may be of several pictures")) << error();
}

}  // namespace
}  // namespace hqsam
