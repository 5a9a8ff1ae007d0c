// SPDX-License-Identifier: Apache-2.0
#include "hqsam/amg/crop_session.h"

#include <cmath>

namespace hqsam {

CropSession::CropSession(const SamHq& model, const Image& picture, const Crop& crop)
    : crop(crop),
      side(model->image_size()),
      mask_side(model->mask_input_size()),
      session(model, picture_input(cut_out(picture, crop), Protocol::kKeepAspect, side)),
      upscaler(session.frame(), side, mask_side, crop, picture.size()) {}

Prompt CropSession::prompt_of(const Point& in_crop) const {
  return {.points_in_input = points_tensor({session.frame().to_input(in_crop)}), .point_labels = labels_tensor({1})};
}

LowResWindow window_of(const torch::Tensor& low_res, double threshold) {
  const torch::Tensor logits = low_res.cpu().to(torch::kFloat32).contiguous();
  return window_of(logits.const_data_ptr<float>(), logits.size(-1), threshold);
}

bool ends_at_edge(const Box& box, const Crop& crop, Size picture) {
  constexpr double kNear = 20;  // pixels
  const auto near = [](double a, int64_t b) { return std::abs(a - static_cast<double>(b)) <= kNear; };
  const auto at_edge = [&](double side, int64_t of_crop, int64_t of_picture) {
    return near(side, of_crop) && !near(side, of_picture);
  };
  return at_edge(box.x0, crop.x0, 0) || at_edge(box.y0, crop.y0, 0) || at_edge(box.x1, crop.x1, picture.width) ||
         at_edge(box.y1, crop.y1, picture.height);
}

}  // namespace hqsam
