// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/core/choose.h"
#include "hqsam/core/geometry.h"

namespace hqsam {

// How a picture becomes the model's square input.
// kReference: HQ-SAM's train.py. Picture and label are squashed to the square by plain bilinear interpolation; low-res
// logits go to the original size in one bilinear step.
// kKeepAspect: SamPredictor's way. The longer side becomes the square's by Pillow's antialiased bilinear filter, the
// rest is padded; masks go back through the padded square.
enum class Protocol { kReference, kKeepAspect };
inline constexpr Choice<Protocol> kProtocols[] = {{Protocol::kReference, "reference"},
                                                  {Protocol::kKeepAspect, "keep_aspect"}};

// Where a picture lies in the model's square input: at the top left, scaled on each axis by its rounded sizes, as in
// SAM.
struct InputFrame {
  Size image_size;
  Size input_size;  // what of the square the picture covers
  Protocol protocol = Protocol::kKeepAspect;

  double scale_x() const { return static_cast<double>(input_size.width) / static_cast<double>(image_size.width); }
  double scale_y() const { return static_cast<double>(input_size.height) / static_cast<double>(image_size.height); }
  Point to_input(const Point& in_image) const { return {in_image.x * scale_x(), in_image.y * scale_y()}; }
  Point to_image(const Point& in_input) const { return {in_input.x / scale_x(), in_input.y / scale_y()}; }
  Box to_input(const Box& in_image) const {
    return {in_image.x0 * scale_x(), in_image.y0 * scale_y(), in_image.x1 * scale_x(), in_image.y1 * scale_y()};
  }
  Box to_image(const Box& in_input) const {
    return {in_input.x0 / scale_x(), in_input.y0 / scale_y(), in_input.x1 / scale_x(), in_input.y1 / scale_y()};
  }
};

}  // namespace hqsam
