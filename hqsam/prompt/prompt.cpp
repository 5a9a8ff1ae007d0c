// SPDX-License-Identifier: Apache-2.0
#include "hqsam/prompt/prompt.h"

namespace hqsam {

torch::Tensor box_tensor(const Box& box_in_input) {
  const Box& box = box_in_input;
  return torch::tensor({box.x0, box.y0, box.x1, box.y1}, torch::kFloat64).to(torch::kFloat32);
}

torch::Tensor points_tensor(const std::vector<Point>& points_in_input) {
  torch::Tensor tensor = torch::empty({std::ssize(points_in_input), 2}, torch::kFloat32);
  float* out = tensor.data_ptr<float>();
  for (const Point& point : points_in_input) {
    *out++ = static_cast<float>(point.x);
    *out++ = static_cast<float>(point.y);
  }
  return tensor;
}

torch::Tensor labels_tensor(const std::vector<int>& point_labels) { return torch::tensor(point_labels, torch::kInt32); }

}  // namespace hqsam
