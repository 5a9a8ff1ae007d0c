// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/convert.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "data/fixtures.h"
#include "hqsam/core/file.h"
#include "hqsam/data/open_dataset.h"
#include "hqsam/data/output_names.h"
#include "hqsam/image/codec.h"
#include "hqsam/mask/morphology.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Shapes with holes and parts that lie apart.
Mask odd_shape(Size size, uint64_t seed) {
  Mask seeds(size.height, size.width);
  RandomStream stream{seed};
  for (uint8_t& pixel : seeds.pixels) pixel = stream.uniform() < 0.02;
  return erode_square(dilate_square(seeds, 3), 1);
}

// Samples in memory whose pictures lie on the disk.
class FixedDataset : public Dataset {
 public:
  int64_t size() const override { return std::ssize(samples); }
  Sample get(int64_t index) const override {
    if (samples[index].image.pixels.empty()) fail("FixedDataset", "{} is corrupt", path(index));
    return samples[index];
  }
  std::string path(int64_t index) const override { return samples[index].image_path; }
  std::vector<Sample> samples;
};

class Convert : public ::testing::Test {
 protected:
  // A picture of this name with masks; writes it to the source folder.
  Sample& add(const std::string& name, int64_t masks, Size size = {50, 60}) {
    const fs::path path = folder.path / "source" / name;
    fs::create_directories(path.parent_path());
    write_image(path, random_picture(size, 3, 1));
    Sample sample;
    sample.image_path = path.string();
    sample.image = read_image(path);
    for (int64_t i = 0; i < masks; ++i) {
      const auto seed = static_cast<uint64_t>(100 * std::ssize(data->samples) + i);
      sample.labels.push_back(mask_to_gray(odd_shape(size, seed)));
      sample.infos.push_back({.category = 3 + i % 2, .category_name = i % 2 == 0 ? "cat" : "dog"});
    }
    sample.annotated = true;
    data->samples.push_back(std::move(sample));
    return data->samples.back();
  }

  ConvertOptions to(AnnotationFormat format) {
    ConvertOptions options;
    options.writer.format = format;
    options.writer.folder = folder.path / "out";
    options.workers = 2;
    return options;
  }

  ConvertReport run(const ConvertOptions& options) {
    SetOptions set;
    set.name = "set";
    return convert({{set, data, false}}, options);
  }

  // What the readers find in the output.
  std::shared_ptr<const Dataset> open(SetFormat format, const std::string& images = "",
                                      const std::string& annotations = "") {
    SetOptions set;
    set.name = "read back";
    set.format = format;
    set.images = images.empty() ? out() : out() / images;
    if (!annotations.empty()) set.annotations = out() / annotations;
    set.image_ext = "";
    return open_dataset(set);
  }

  // The same pictures, masks and categories' names, pixel by pixel.
  void expect_same(const Dataset& read, bool names = true) {
    ASSERT_EQ(read.size(), data->size());
    for (int64_t i = 0; i < read.size(); ++i) {
      const Sample found = read.get(i), &truth = data->samples[i];
      EXPECT_EQ(found.image, truth.image) << i;
      ASSERT_EQ(found.labels.size(), truth.labels.size()) << i;
      for (size_t k = 0; k < truth.labels.size(); ++k) {
        EXPECT_EQ(found.labels[k], truth.labels[k]) << i << " " << k;
        if (names) EXPECT_EQ(found.infos[k].category_name, truth.infos[k].category_name);
      }
      EXPECT_EQ(found.skipped, 0);
    }
  }

  fs::path out() const { return folder.path / "out"; }
  json read_json(const std::string& name) { return json::parse(read_file(out() / name)); }
  std::string bytes(const std::string& name) { return read_file(out() / name); }

  testing_support::TemporaryFolder folder;
  std::shared_ptr<FixedDataset> data = std::make_shared<FixedDataset>();
};

}  // namespace

TEST_F(Convert, CocoRoundTripsToTheBit) {
  add("a.png", 3), add("b.png", 0), add("c.png", 1);
  const ConvertReport report = run(to(AnnotationFormat::kCoco));
  EXPECT_EQ(report.pictures, 3);
  EXPECT_EQ(report.masks, 4);
  EXPECT_EQ(report.losses, "");
  expect_same(*open(SetFormat::kCoco, "images", "annotations.json"), /*names=*/false);
  const json file = read_json("annotations.json");
  EXPECT_EQ(file["categories"], json::parse(R"([{"id": 3, "name": "cat"}, {"id": 4, "name": "dog"}])"));
  EXPECT_EQ(file["annotations"][1]["area"], area(threshold_label(data->samples[0].labels[1])));
}

TEST_F(Convert, CocoPolygonsRoundTripToTheBit) {
  add("a.png", 5), add("b.png", 2);
  ConvertOptions options = to(AnnotationFormat::kCoco);
  options.writer.polygons = true;
  run(options);
  expect_same(*open(SetFormat::kCoco, "images", "annotations.json"), /*names=*/false);
  EXPECT_TRUE(read_json("annotations.json")["annotations"][0]["segmentation"].is_array());
}

TEST_F(Convert, CocoKeepsCrowdsAreasAndLvisLists) {
  Sample& sample = add("a.png", 2);
  sample.infos[1].crowd = true;
  sample.infos[0].area = 77.5;
  sample.infos[0].frequency = 'r';
  sample.federated = true;
  sample.negative_categories = {8, 9};
  ConvertOptions options = to(AnnotationFormat::kCoco);
  options.writer.polygons = true;
  EXPECT_EQ(run(options).losses, "");
  const json file = read_json("annotations.json");
  EXPECT_EQ(file["annotations"][0]["area"], 77.5);
  EXPECT_EQ(file["annotations"][1]["iscrowd"], 1);
  EXPECT_TRUE(file["annotations"][1]["segmentation"].is_object());
  EXPECT_EQ(file["images"][0]["neg_category_ids"], json({8, 9}));
  EXPECT_EQ(file["categories"][0]["frequency"], "r");
}

TEST_F(Convert, YoloRoundTripsToTheBit) {
  add("a.png", 3), add("b.png", 0), add("x/c.png", 2, {371, 1013});
  run(to(AnnotationFormat::kYolo));
  expect_same(*open(SetFormat::kYolo));
  EXPECT_TRUE(fs::exists(out() / "labels/x/c.txt"));
  EXPECT_TRUE(contains(bytes("data.yaml"), "train: \"images\"\nval: \"images\"\nnames:\n  0: \"cat\"\n  1: \"dog\"\n"));
}

TEST_F(Convert, YoloClassesAreInOrderOfTheSetsNumbers) {
  add("a.png", 1).infos[0] = {.category = 9, .category_name = "late"};
  add("b.png", 1).infos[0] = {.category = 2, .category_name = "early"};
  run(to(AnnotationFormat::kYolo));
  EXPECT_TRUE(contains(bytes("data.yaml"), "0: \"early\"\n  1: \"late\""));
  EXPECT_TRUE(bytes("labels/a.txt").starts_with("1 "));
  EXPECT_TRUE(bytes("labels/b.txt").starts_with("0 "));
}

TEST_F(Convert, YoloTakesGivenClassesAlone) {
  add("a.png", 1), add("b.png", 2);
  ConvertOptions options = to(AnnotationFormat::kYolo);
  options.writer.classes = {"horse", "cat"};
  const ConvertReport report = run(options);
  EXPECT_TRUE(bytes("labels/a.txt").starts_with("1 "));
  ASSERT_EQ(report.failed.size(), 1);
  EXPECT_TRUE(contains(report.failed[0], "'dog' is none of the 2 classes"));
}

TEST_F(Convert, LabelmeRoundTripsToTheBit) {
  add("a.png", 3), add("b.png", 1), add("x/c.png", 2);
  for (const bool rasters : {false, true}) {
    ConvertOptions options = to(AnnotationFormat::kLabelme);
    options.writer.rasters = rasters;
    options.overwrite = rasters;
    EXPECT_TRUE(run(options).strangers.empty());
    expect_same(*open(SetFormat::kLabelme));
  }
  EXPECT_EQ(read_json("x/c.json")["imagePath"], "c.png");
  EXPECT_EQ(read_json("a.json")["shapes"][0]["shape_type"], "mask");
}

TEST_F(Convert, MasksRoundTripToTheBit) {
  add("a.png", 1), add("x/b.png", 1);
  EXPECT_EQ(run(to(AnnotationFormat::kMasks)).losses, "2 masks' categories");
  EXPECT_EQ(read_gray(out() / "gt/a.png"), data->samples[0].labels[0]);
  EXPECT_EQ(read_gray(out() / "gt/x/b.png"), data->samples[1].labels[0]);
}

TEST_F(Convert, SeveralMasksHaveNumbersThatNoOtherPictureHas) {
  add("a.png", 3), add("a_1.png", 1);
  run(to(AnnotationFormat::kMasks));
  EXPECT_EQ(read_gray(out() / "gt/a_0.png"), data->samples[0].labels[0]);
  EXPECT_EQ(read_gray(out() / "gt/a_2.png"), data->samples[0].labels[1]);
  EXPECT_EQ(read_gray(out() / "gt/a_3.png"), data->samples[0].labels[2]);
  EXPECT_EQ(read_gray(out() / "gt/a_1_0.png"), data->samples[1].labels[0]);
}

TEST_F(Convert, MasksKeepSoftEdgesAndOthersSayThatTheyDoNot) {
  Label& label = add("a.png", 1).labels[0];
  Image gray = label.gray();
  *gray.at(0, 0) = 200;
  label = gray;
  run(to(AnnotationFormat::kMasks));
  EXPECT_EQ(read_gray(out() / "gt/a.png"), data->samples[0].labels[0]);
  ConvertOptions options = to(AnnotationFormat::kLabelme);
  options.writer.folder = folder.path / "labelme";
  EXPECT_EQ(run(options).losses, "1 masks with soft edges (above 128 is inside)");
}

TEST_F(Convert, LabelPicturesNumberTheObjectsAndCountWhatIsCovered) {
  Sample& sample = add("a.png", 0, {40, 40});
  for (const int64_t side : {10, 20}) sample.labels.push_back(label_with_square({40, 40}, 5, 5, side));
  sample.labels.push_back(label_with_square({40, 40}, 5, 5, 10));
  sample.infos.resize(3);
  ConvertOptions options = to(AnnotationFormat::kMasks);
  options.writer.label_pictures = true;
  const ConvertReport report = run(options);
  EXPECT_EQ(report.masks, 2);
  EXPECT_EQ(report.losses,
            "1 masks where others lie over them (smaller ones lie on top), 1 masks that others cover (left out)");
  const Image labels = read_gray(out() / "gt/a.png");
  EXPECT_EQ(*labels.at(5, 5), 3);
  EXPECT_EQ(*labels.at(20, 20), 2);
  EXPECT_EQ(*labels.at(30, 30), 0);
}

TEST_F(Convert, FormatsSayWhatTheyCannotKeep) {
  Sample& sample = add("a.png", 3);
  sample.infos[0].crowd = true;
  sample.labels[1] = Image(50, 60, 1);
  const ConvertReport report = run(to(AnnotationFormat::kYolo));
  EXPECT_EQ(report.masks, 1);
  EXPECT_EQ(report.losses, "1 crowd regions (left out), 1 masks without an inside (left out)");
}

TEST_F(Convert, APictureThatFailsIsNamedAndTheOthersGoOn) {
  add("a.png", 1), add("b.png", 1).image = {}, add("c.png", 1);
  const ConvertReport report = run(to(AnnotationFormat::kCoco));
  EXPECT_EQ(report.pictures, 2);
  ASSERT_EQ(report.failed.size(), 1);
  EXPECT_TRUE(contains(report.failed[0], "b.png is corrupt"));
  EXPECT_EQ(read_json("annotations.json")["images"][1]["file_name"], "c.png");
}

TEST_F(Convert, TheFilesAreTheSameForAnyNumberOfWorkers) {
  for (int i = 0; i < 20; ++i) add(fmt::format("{}.png", i), i % 4);
  std::string first;
  for (const int64_t workers : {1, 3}) {
    ConvertOptions options = to(AnnotationFormat::kCoco);
    options.workers = workers;
    options.overwrite = true;
    run(options);
    const std::string file = bytes("annotations.json");
    EXPECT_TRUE(first.empty() || first == file);
    first = file;
  }
}

TEST_F(Convert, AFolderThatHoldsSomethingIsRefused) {
  add("a.png", 1);
  fs::create_directories(out());
  write_file(out() / "mine.txt", "mine");
  ConvertOptions options = to(AnnotationFormat::kCoco);
  EXPECT_TRUE(contains(error_of([&] { run(options); }), "is not empty"));
  options.overwrite = true;
  run(options);
  SetOptions set;
  set.name = "set";
  set.images = out() / "images";
  EXPECT_TRUE(contains(error_of([&] { convert({{set, data, false}}, options); }), "holds the set 'set' itself"));
}

TEST_F(Convert, SetsHaveFoldersOfTheirOwn) {
  add("a.png", 1);
  SetOptions set;
  set.name = "my set";
  run(to(AnnotationFormat::kMasks));  // of one set: without
  EXPECT_TRUE(fs::exists(out() / "im/a.png"));
  ConvertOptions options = to(AnnotationFormat::kCoco);
  options.writer.folder = folder.path / "both";
  convert({{set, data, false}, {set, data, true}}, options);
  for (const char* file : {"my_set.json", "my_set-valid.json", "images/my_set/a.png", "images/my_set-valid/a.png"}) {
    EXPECT_TRUE(fs::exists(folder.path / "both" / file)) << file;
  }
}

TEST_F(Convert, NamesKeepFoldersAndAreOfOnePictureEach) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(output_names({"/d/x/a.jpg", "/d/y/a.jpg", "/d/b.jpg"}), (Names{"x/a.jpg", "y/a.jpg", "b.jpg"}));
  EXPECT_EQ(output_names({"/d/x/a.jpg"}), Names{"a.jpg"});
  int64_t renamed = 0;
  EXPECT_EQ(output_names({"d/a.jpg", "d/a.PNG", "d/a_2.jpg"}, &renamed), (Names{"a.jpg", "a_3.PNG", "a_2.jpg"}));
  EXPECT_EQ(renamed, 1);
  EXPECT_EQ(output_names({"/s/0.tar:0/a.jpg", "/s/1.tar:1/a.jpg"}), (Names{"0/a.jpg", "1/a.jpg"}));
  EXPECT_EQ(output_names({"/s/0.tar:0/a.jpg", "/s/0.tar:0/b.jpg"}), (Names{"a.jpg", "b.jpg"}));
}

TEST_F(Convert, PicturesAreCopiedLinkedOrLeft) {
  add("a.png", 1);
  const fs::path source = data->samples[0].image_path;
  ConvertOptions options = to(AnnotationFormat::kCoco);
  run(options);
  EXPECT_EQ(bytes("images/a.png"), read_file(source));
  EXPECT_FALSE(fs::equivalent(source, out() / "images/a.png"));
  options.overwrite = options.link = true;
  EXPECT_TRUE(run(options).strangers.empty());
  EXPECT_TRUE(fs::equivalent(source, out() / "images/a.png"));
  options = to(AnnotationFormat::kLabelme);
  options.writer.folder = folder.path / "json";
  options.pictures = false;
  run(options);
  EXPECT_FALSE(fs::exists(folder.path / "json/a.png"));
  EXPECT_EQ(json::parse(read_file(folder.path / "json/a.json"))["imagePath"], "../source/a.png");
}

// A JPEG that is stored sideways: EXIF orientation 6.
void write_sideways_jpeg(const fs::path& path, Size stored) {
  constexpr std::string_view kExif(
      "\xff\xe1\x00\x22"
      "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
      36);
  const std::string jpeg = encode_image(random_picture(stored, 3, 5), ".jpg");
  write_file(path, jpeg.substr(0, 2) + std::string(kExif) + jpeg.substr(2));
}

TEST_F(Convert, PicturesWithAnOrientationComeBackUprightWithTheirMasks) {
  Sample& sample = add("a.jpg", 2, {60, 50});
  write_sideways_jpeg(sample.image_path, {50, 60});
  sample.image = read_image(sample.image_path);
  ASSERT_EQ(sample.image.size(), (Size{60, 50}));
  for (const bool upright : {false, true}) {
    ConvertOptions options = to(AnnotationFormat::kCoco);
    options.upright = upright;
    options.overwrite = true;
    run(options);
    expect_same(*open(SetFormat::kCoco, "images", "annotations.json"), /*names=*/false);
    EXPECT_EQ(read_json("annotations.json")["images"][0]["file_name"], upright ? "a.png" : "a.jpg");
  }
  ConvertOptions options = to(AnnotationFormat::kYolo);
  options.writer.folder = out() / "yolo";
  run(options);
  expect_same(*open(SetFormat::kYolo, "yolo"));
}

TEST_F(Convert, PicturesThatWereReadAsStoredAreWrittenWithoutTheirTag) {
  Sample& sample = add("a.jpg", 1, {50, 60});
  write_sideways_jpeg(sample.image_path, {50, 60});
  sample.image = read_image(sample.image_path, {.orient = false});
  ASSERT_EQ(sample.image.size(), (Size{50, 60}));
  SetOptions set;
  set.name = "set";
  set.exif = ExifRule::kIgnore;
  convert({{set, data, false}}, to(AnnotationFormat::kLabelme));
  EXPECT_TRUE(fs::exists(out() / "a.png"));
  expect_same(*open(SetFormat::kLabelme));
}

TEST_F(Convert, NamesThatAreNotUtf8AreRefused) {
  add("a\xff.png", 1);
  const ConvertReport report = run(to(AnnotationFormat::kCoco));
  ASSERT_EQ(report.failed.size(), 1);
  EXPECT_TRUE(contains(report.failed[0], "not UTF-8"));
}

}  // namespace hqsam
