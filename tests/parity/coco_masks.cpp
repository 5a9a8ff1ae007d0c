// SPDX-License-Identifier: Apache-2.0
// hqsam's side of coco_odd.py: parity_coco IMAGES ANNOTATIONS prints what open_coco reads, as JSON:
// [{"name", "size", "skipped", "masks": [{"area", "category", "crowd", "rle"}]}]. Warnings go to the standard error.
#include <iostream>
#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/data/coco.h"
#include "hqsam/mask/segmentation.h"

namespace hqsam {
namespace {

using nlohmann::json;

int run(int argc, char** argv) {
  if (argc != 3) fail("parity_coco", "usage: parity_coco IMAGES ANNOTATIONS");
  init_logging("warn");
  SetOptions options = {.name = "odd", .format = SetFormat::kCoco, .images = argv[1]};
  options.annotations = argv[2];
  const auto dataset = open_coco(options);
  json answers = json::array();
  for (int64_t i = 0; i < dataset->size(); ++i) {
    const Sample sample = dataset->get(i);
    json masks = json::array();
    for (size_t k = 0; k < sample.labels.size(); ++k) {
      masks.push_back({{"area", sample.infos[k].area},
                       {"category", sample.infos[k].category},
                       {"crowd", sample.infos[k].crowd},
                       {"rle", rle_to_json(rle_encode(threshold_label(sample.labels[k])))}});
    }
    answers.push_back({{"name", sample.name},
                       {"size", {sample.image.height, sample.image.width}},
                       {"skipped", sample.skipped},
                       {"masks", std::move(masks)}});
  }
  std::cout << answers;
  return 0;
}

}  // namespace
}  // namespace hqsam

int main(int argc, char** argv) {
  try {
    return hqsam::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
