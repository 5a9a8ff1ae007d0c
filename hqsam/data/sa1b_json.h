// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "hqsam/data/objects.h"

namespace hqsam {

// SA-1B's JSON: "image" with height and width, and "annotations" with COCO run lengths (or polygons) and an area. The
// frame is the picture's size as stated; where it is not, that of the first run lengths, else upright. All objects are
// of category 0 without a name. One without a sound segmentation is left out and counted with its id. Throws Error with
// the name where it is no such JSON.
PictureObjects read_sa1b_json(std::string_view text, const std::string& name, Size upright);

}  // namespace hqsam
