// SPDX-License-Identifier: Apache-2.0
#include "check_objects.h"
#include "hqsam/data/yolo_text.h"
#include "hqsam/data/yolo_yaml.h"

using namespace hqsam;

// A text of polygons, and the same as a data.yaml.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    fuzz::check_objects(read_yolo_text(text, "a.txt", {48, 64}));
  } catch (const Error& error) {
    fuzz::check_message(error);
  }
  try {
    const YoloYaml yaml = read_yolo_yaml(text, "data.yaml");
    fuzz::require(yaml.splits.size() <= 3 && yaml.classes.count >= -1);
    for (const auto& [split, places] : yaml.splits) {
      for (const std::string& place : places) fuzz::require(!place.empty());
    }
    fuzz::check_objects(read_yolo_text("0 0 0 1 0 1 1\n1 0 0 1 0 1 1\n", "a.txt", {13, 17}, yaml.classes));
  } catch (const Error& error) {
    fuzz::check_message(error);
  }
  return 0;
}
