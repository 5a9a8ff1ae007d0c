// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "hqsam/data/objects.h"

namespace hqsam {

// LabelMe's JSON (3.x to 6.x, also X-AnyLabeling's) as objects, in order of their first shapes. Shapes of one label and
// one group_id are one object; else each shape is one. A shape lies whole, whatever is drawn over it.
//   polygon, rotation, oriented_rectangle, quadrilateral, no type: at least 3 corners, by COCO's rule
//   rectangle: two corners in any order, or four; its area is width x height
//   circle: centre and a point on it, as a polygon of 360 corners
//   mask: a PNG in base64, what is not 0 is inside, between two corners that count as inside
// Left out and counted: lines and points, which have no area, other types, "__ignore__" and "_background_", and what
// lacks corners. The frame is imageHeight x imageWidth, upright where they are missing. category_name is the label,
// category its category_of_name. Throws Error with the name where it is no JSON of LabelMe's.
PictureObjects read_labelme_json(std::string_view text, const std::string& name, Size upright);

}  // namespace hqsam
