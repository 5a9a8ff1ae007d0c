// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "hqsam/data/annotated_dataset.h"
#include "hqsam/data/coco_items.h"
#include "hqsam/data/left_out.h"

namespace hqsam {

// Pictures by name, with what was left out on the way.
struct CocoSet {
  std::vector<AnnotatedPicture> pictures;  // in order; their files are not looked for yet
  CocoCategories categories;
  LeftOut images, annotations;
  int64_t annotation_count = 0;  // in the file
};

// Settles categories, finds the pictures' files and warns of what is left out. Pictures that are not found are left out
// where they are at most a tenth. Throws Error where more are missing, where no annotation can be used (unless there
// are detections), and where all are crowds and the set skips crowds.
std::shared_ptr<const Dataset> open_coco_set(const SetOptions& options, CocoSet set);

}  // namespace hqsam
