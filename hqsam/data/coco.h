// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "hqsam/data/folder_dataset.h"

namespace hqsam {

// The JSON of COCO (also LVIS, UVO, SegInW): "images" with id, height, width and file_name (or LVIS's coco_url),
// "annotations" with image_id, category_id, segmentation, and where stated iscrowd and area, "categories" with id and
// LVIS's frequency. Pictures come in order of their ids; those without masks too, since a detector's boxes on them
// count.
// options.detections: [{"image_id", "category_id", "bbox": [x, y, width, height], "score"}] of a detector. Boxes
// are cut to the picture; those outside of it or without an area count as skipped, those with unknown image or
// category ids are left out with one warning that counts them.
// Throws Error naming the file: not JSON, a key missing or of another type, two pictures of one id, a mask of an
// unknown picture or category, and detections none of which belongs to this set.
std::shared_ptr<const Dataset> open_coco(const SetOptions& options);

// The JSON of YouTube-VIS and HQ-YTVIS, frame by frame: "videos" with id, height, width and file_names,
// "annotations" with video_id, category_id and segmentations, one per frame or null.
std::shared_ptr<const Dataset> open_ytvis(const SetOptions& options);

}  // namespace hqsam
