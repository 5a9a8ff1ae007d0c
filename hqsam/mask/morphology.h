// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "hqsam/mask/mask.h"

namespace hqsam {

// Erosion and dilation. What lies beyond the picture's border has no say, as in OpenCV.
Mask erode_cross(const Mask& mask, int64_t times = 1);  // by a pixel and its four neighbours
Mask dilate_cross(const Mask& mask, int64_t times = 1);
Mask erode_square(const Mask& mask, int64_t radius);  // by a square of 2 * radius + 1 pixels
Mask dilate_square(const Mask& mask, int64_t radius);

// What is left when pixels are peeled off from all sides as long as nothing falls apart (Zhang and Suen,
// Communications of the ACM 1984, with the changes of scikit-image's skeletonize, to which it is equal).
Mask skeleton(const Mask& mask);

// For each pixel the number of its connected region, 1, 2, ... in reading order, 0 outside; row-major. Pixels that
// touch at corners are connected.
struct Components {
  std::vector<int32_t> label;
  int64_t count = 0;
};
Components components(const Mask& mask);

// The borders of a mask's regions, of their outsides and of their holes, each as the pixels inside along it, in turn
// (Suzuki and Abe, CVGIP 1985). In reading order of their first pixels; one that passes a pixel twice lists it twice.
struct Pixel {
  int64_t x = 0, y = 0;
};
std::vector<std::vector<Pixel>> contours(const Mask& mask);

}  // namespace hqsam
