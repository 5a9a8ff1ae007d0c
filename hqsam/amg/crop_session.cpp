// SPDX-License-Identifier: Apache-2.0
#include "hqsam/amg/crop_session.h"

namespace hqsam {

CropSession::CropSession(const SamHq& model, const Image& picture, const Crop& crop)
    : crop(crop),
      session(model, picture_input(cut_out(picture, crop), Protocol::kKeepAspect, model->image_size())),
      upscaler(session.frame(), model->image_size(), model->mask_input_size(), crop, picture.size()) {}

Prompt CropSession::prompt_of(const Point& in_crop) const {
  return {.points_in_input = points_tensor({session.frame().to_input(in_crop)}), .point_labels = labels_tensor({1})};
}

LowResWindow window_of(const torch::Tensor& low_res, double threshold) {
  const torch::Tensor logits = low_res.cpu().to(torch::kFloat32).contiguous();
  return window_of(logits.const_data_ptr<float>(), logits.size(-1), threshold);
}

}  // namespace hqsam
