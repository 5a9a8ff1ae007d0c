// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace hqsam {

// Frames: names end in _in_image (the picture, upright unless told otherwise), _in_input (the model's square
// input, image_size pixels a side) or _in_mask_input (the prompt encoder's mask input, a quarter of that).

struct Size {
  int64_t height = 0;  // pixels
  int64_t width = 0;   // pixels
  bool operator==(const Size&) const = default;
};

struct Point {
  double x = 0;  // pixels, to the right
  double y = 0;  // pixels, down
  bool operator==(const Point&) const = default;
};

// Corners, x0 <= x1 and y0 <= y1. In a box made from a mask, x1 and y1 are the last pixels inside, not one behind.
struct Box {
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;  // pixels
  bool operator==(const Box&) const = default;
};

}  // namespace hqsam
