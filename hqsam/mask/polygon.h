// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "hqsam/mask/rle.h"

namespace hqsam {

using Polygon = std::vector<Point>;  // corners in turn, pixels of the picture; the last joins the first

inline constexpr double kMaxPolygonCoordinate = 1e6;

// The pixels inside a polygon by COCO's rule, equal to pycocotools' to the pixel: corners are rounded to a
// fifth of a pixel, the outline is walked on that grid, and a pixel column changes between outside and inside
// where the outline crosses its middle. Overlapping turns of one polygon cancel (even-odd); what lies beyond the
// picture is cut. Throws Error for fewer than three corners, for coordinates that are not finite or beyond
// kMaxPolygonCoordinate, and for an outline of more than 10 million pixels.
Rle rle_of_polygon(const Polygon& polygon, Size size);

// The union of polygons, as COCO's parts of one object; the limit on the outline holds for all of them together.
Rle rle_of_polygons(std::span<const Polygon> polygons, Size size);

}  // namespace hqsam
