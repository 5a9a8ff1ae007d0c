// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "hqsam/data/dataset.h"
#include "hqsam/data/set_options.h"

namespace hqsam {

// The JSON of COCO (also LVIS, UVO, SegInW): "images" with id, file_name (or LVIS's coco_url), height and width,
// "annotations" with image_id, category_id, segmentation, iscrowd and area, "categories" with id, name and LVIS's
// frequency; only images with ids and names, and annotations with image_id and segmentation, are needed. Read as:
// - ids are equal where their texts are: 1, 1.0 and "1" are one id
// - a height or width that is no whole number of at least 1 is not stated: the picture's own is taken
// - files are found by find_pictures; pictures that are not found are left out where they are at most a tenth
// - annotations without a usable mask (see rle_from_json), of an unknown picture or category, or with an odd iscrowd,
//   are left out, with one warning for each cause that counts them and names the first; a null category is kept as -1
// - two pictures of one id are one where they have the same name and size
// Pictures come in order of their ids, numbers first; those without masks too, since a detector's boxes on them count.
// options.detections: [{"image_id", "category_id", "bbox": [x, y, width, height], "score"}] of a detector. Boxes
// are cut to the picture; those outside of it or without an area count as skipped, others that cannot be used are left
// out with warnings that count them.
// Throws Error naming the file: not JSON, another kind of file, two pictures of one id, no usable mask in all of it,
// nothing but crowds (with CrowdRule::kSkip), and detections none of which belongs to this set.
std::shared_ptr<const Dataset> open_coco(const SetOptions& options);

}  // namespace hqsam
