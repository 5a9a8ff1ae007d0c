// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "hqsam/mask/rle.h"

namespace hqsam {

// COCO's "segmentation" in JSON, of a picture of this size: a list of polygons [[x, y, x, y, ...], ...], or
// {"size": [height, width], "counts": ...} with the counts as a list (plain) or as a string (compressed).
// Of several polygons those of less than 3 corners are left out. Throws Error where it is neither, where the size is
// another one, and where runs or polygons are corrupt.
Rle rle_from_json(const nlohmann::json& segmentation, Size size);

// {"size": [height, width], "counts": "..."}, or with a list of counts where not compressed.
nlohmann::json rle_to_json(const Rle& rle, bool compressed = true);

}  // namespace hqsam
