// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "hqsam/data/dataset.h"
#include "hqsam/data/set_options.h"

namespace hqsam {

// The JSON of YouTube-VIS and HQ-YTVIS, frame by frame: "videos" with id, height, width and file_names,
// "annotations" with video_id, category_id and segmentations, one per frame or null. Read as leniently as COCO
// (coco.h).
std::shared_ptr<const Dataset> open_ytvis(const SetOptions& options);

}  // namespace hqsam
