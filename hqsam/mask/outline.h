// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hqsam/mask/polygon.h"

namespace hqsam {

// A connected region of a mask along the sides of its pixels: pixel (x, y) is the square from x,y to x+1,y+1. Corners
// only, in turn; the inside lies on the right hand, so outer rings go clockwise on the screen and holes the other way.
struct Outline {
  Polygon outer;
  std::vector<Polygon> holes;
};

// In reading order of their first pixels. Pixels that touch at corners are connected, as in components().
std::vector<Outline> outlines(const Mask& mask);

// What the polygons of a mask share: rle_of_polygons of them is the mask itself, to the pixel, where simplify is 0.
// Corners lie a twentieth of a pixel inside of pixels' corners: on COCO's grid of a fifth of a pixel that is the same
// place, and cut down to whole numbers it is the outermost pixel inside, from where OpenCV's fillPoly and Pillow's
// polygon draw the mask too (but for bridges between regions, which they draw a pixel wide).
// A hole is cut open: the polygon goes to it by a bridge of no width, around it, and back by the same bridge, so that
// both the even-odd rule and the rule of turns leave it out. simplify: pixels by which an outline may depart (Douglas
// and Peucker); a ring that would vanish stays as it is.

// One polygon for each connected region.
std::vector<Polygon> polygons_of_mask(const Mask& mask, double simplify = 0);

// One polygon for all of the mask, its regions joined by bridges where they are near; without corners for an empty
// mask. Throws Error for a simplify that is negative or not finite, as polygons_of_mask does.
Polygon polygon_of_mask(const Mask& mask, double simplify = 0);

}  // namespace hqsam
