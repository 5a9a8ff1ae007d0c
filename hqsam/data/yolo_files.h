// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hqsam/data/data_file.h"
#include "hqsam/data/set_options.h"
#include "hqsam/data/yolo_text.h"

namespace hqsam {

struct YoloPicture {
  DataFile picture, label;  // label: empty where there is none, or nothing in it
};

// The files of a YOLO set, see open_yolo.
struct YoloFiles {
  std::vector<YoloPicture> pictures;  // in order of their names
  YoloClasses classes;
  int64_t without_text = 0;  // pictures
  int64_t empty_texts = 0;
};

YoloFiles find_yolo_files(const SetOptions& options);

}  // namespace hqsam
