// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hqsam/data/yolo_text.h"

namespace hqsam {

// What a data.yaml of ultralytics says of a set.
struct YoloYaml {
  std::string path;                                        // the set's folder, "" where it is not stated
  std::map<std::string, std::vector<std::string>> splits;  // train, val, test: folders or lists of pictures
  YoloClasses classes;
};

// Backslashes in paths become slashes. Throws Error with the name: no YAML, no mapping, a key of another type or there
// twice, names that do not fit nc, and sets of key points (kpt_shape).
YoloYaml read_yolo_yaml(std::string_view text, const std::string& name);

}  // namespace hqsam
