// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "hqsam/mask/rle.h"

namespace hqsam {

// COCO's "segmentation" in JSON, of a picture of this size, as files have it:
// - polygons [[x, y, x, y, ...], ...]; also one polygon alone [x, y, ...], and with corners in pairs, [[x, y], ...] or
//   [[[x, y], ...], ...]. The mask is their union. Of several polygons those of less than 3 corners are left out.
// - run lengths {"size": [height, width], "counts": ...} with the counts as a list (plain) or as a string (compressed;
//   also as Python prints bytes, "b'...'"), or a list of such, whose union is the mask.
// Numbers may be spelled as text, and whole ones as floats. Throws Error "[rle_from_json] cause: values found" where it
// is none of these, where the size is another one, where runs do not add up to it, and where coordinates are too large
// or no numbers (NaN too).
Rle rle_from_json(const nlohmann::json& segmentation, Size size);

// The size that run lengths state; nothing for polygons and what is no segmentation.
std::optional<Size> rle_size_in_json(const nlohmann::json& segmentation);

// Throws what rle_from_json would throw, but for what depends on the picture's size; draws nothing.
void check_segmentation(const nlohmann::json& segmentation);

// A finite number, also one spelled as text; nothing for anything else.
std::optional<double> number_in_json(const nlohmann::json& value);

// {"size": [height, width], "counts": "..."}, or with a list of counts where not compressed.
nlohmann::json rle_to_json(const Rle& rle, bool compressed = true);

}  // namespace hqsam
