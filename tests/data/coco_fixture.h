// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "data/fixtures.h"
#include "hqsam/core/file.h"
#include "hqsam/data/coco.h"
#include "hqsam/image/codec.h"
#include "hqsam/mask/segmentation.h"
#include "temporary_folder.h"

namespace hqsam {

// Two pictures of 40 x 50 (height x width), the second without masks.
class Coco : public ::testing::Test {
 protected:
  using json = nlohmann::json;

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

}  // namespace hqsam
