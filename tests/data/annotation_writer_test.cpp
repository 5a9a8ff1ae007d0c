// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/annotation_writer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "temporary_folder.h"

namespace hqsam {
using nlohmann::json;

TEST(YoloWriter, KeepsNumbersThatAreClasses) {
  const testing_support::TemporaryFolder folder;
  WriterOptions options{.format = AnnotationFormat::kYolo, .folder = folder.path, .keep_numbers = true};
  const auto writer = make_annotation_writer(options);
  writer->begin_set({});
  Mask mask(4, 4);
  mask.pixels[5] = 1;
  const MaskToWrite item{.rle = rle_encode(mask), .info = {.category = 2, .category_name = "toy"}};
  EXPECT_TRUE(writer->add({.name = "a.jpg", .size = {4, 4}, .masks = {item}}));
  writer->finish();
  EXPECT_EQ(read_file(folder.path / "labels/a.txt").substr(0, 2), "2 ");
  EXPECT_NE(read_file(folder.path / "data.yaml").find("  0: \"0\"\n  1: \"1\"\n  2: \"toy\"\n"), std::string::npos);
  const MaskToWrite below{.rle = rle_encode(mask), .info = {.category = -1}};
  EXPECT_THROW(writer->add({.name = "b.jpg", .size = {4, 4}, .masks = {below}}), Error);
}

TEST(CocoWriter, PicturesKeepTheirIds) {
  const testing_support::TemporaryFolder folder;
  const auto writer = make_annotation_writer({.format = AnnotationFormat::kCoco, .folder = folder.path});
  writer->begin_set({});
  const MaskToWrite item{.rle = rle_encode(Mask(4, 4)), .info = {.category = 2, .category_name = "toy"}};
  writer->add({.name = "a.jpg", .size = {4, 4}, .id = 1007, .masks = {item}});
  writer->finish();
  const json file = json::parse(read_file(folder.path / "annotations.json"));
  EXPECT_EQ(file["images"][0]["id"], 1007);
  EXPECT_EQ(file["annotations"][0]["image_id"], 1007);
}

}  // namespace hqsam
