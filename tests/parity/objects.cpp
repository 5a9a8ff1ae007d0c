// SPDX-License-Identifier: Apache-2.0
// hqsam's side of annotation_tools.py: reads [{"format": "yolo" | "labelme" | "sa1b", "text", "size": [height, width]}]
// on the standard input and answers [{"objects": [{"category", "name", "rle"}], "skipped", "why"} | {"error"}].
#include <iostream>
#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"
#include "hqsam/data/labelme_json.h"
#include "hqsam/data/sa1b_json.h"
#include "hqsam/data/yolo_text.h"
#include "hqsam/mask/segmentation.h"

using namespace hqsam;
using nlohmann::json;

namespace {

PictureObjects read(const std::string& format, const std::string& text, Size size) {
  if (format == "yolo") return read_yolo_text(text, "a.txt", size);
  if (format == "labelme") return read_labelme_json(text, "a.json", size);
  return read_sa1b_json(text, "a.json", size);
}

json answer(const json& question) {
  try {
    const Size size = {question.at("size").at(0).get<int64_t>(), question.at("size").at(1).get<int64_t>()};
    const PictureObjects objects = read(question.at("format"), question.at("text"), size);
    json list = json::array();
    for (const ObjectMask& object : objects.objects) {
      list.push_back(
          {{"category", object.info.category}, {"name", object.info.category_name}, {"rle", rle_to_json(object.rle)}});
    }
    return {{"objects", list}, {"skipped", objects.skipped}, {"why", objects.why_skipped}};
  } catch (const Error& error) {
    return {{"error", error.what()}};
  }
}

}  // namespace

int main() {
  json answers = json::array();
  for (const json& question : json::parse(std::cin)) answers.push_back(answer(question));
  std::cout << answers.dump(-1, ' ', false, json::error_handler_t::replace) << "\n";
  return 0;
}
