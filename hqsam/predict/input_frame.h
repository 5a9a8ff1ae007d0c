// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include "hqsam/core/geometry.h"

namespace hqsam {

// Where the picture lies in the model's square input: at the top left, scaled on each axis by its rounded
// sizes, as in SAM.
struct InputFrame {
  Size image_size;
  Size input_size;  // what of the square the picture covers

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

// [4] float32: x0 y0 x1 y1
inline torch::Tensor box_tensor(const Box& box) {
  return torch::tensor({box.x0, box.y0, box.x1, box.y1}, torch::kFloat64).to(torch::kFloat32);
}

}  // namespace hqsam
