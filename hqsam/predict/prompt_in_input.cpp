// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/image/plane.h"
#include "hqsam/image/resize.h"
#include "hqsam/predict/predictor.h"

namespace hqsam {
namespace {

constexpr const char* kPredict = "SamPredictor::predict";

torch::Tensor box_in_input(const Box& box, const InputFrame& frame, size_t number) {
  const bool finite = std::isfinite(box.x0) && std::isfinite(box.y0) && std::isfinite(box.x1) && std::isfinite(box.y1);
  if (!finite || box.x1 < box.x0 || box.y1 < box.y0) {
    fail(kPredict, "prompt {}: a box is x0,y0,x1,y1 in pixels with x0 <= x1 and y0 <= y1, got {},{},{},{}", number,
         box.x0, box.y0, box.x1, box.y1);
  }
  return box_tensor(frame.to_input(box));
}

torch::Tensor points_in_input(const std::vector<Point>& points, const InputFrame& frame, size_t number) {
  std::vector<Point> in_input;
  for (const Point& point : points) {
    if (!std::isfinite(point.x) || !std::isfinite(point.y)) {
      fail(kPredict, "prompt {}: a point is x,y in pixels, got {},{}", number, point.x, point.y);
    }
    in_input.push_back(frame.to_input(point));
  }
  return points_tensor(in_input);
}

torch::Tensor checked_labels(const PredictPrompt& prompt, size_t number) {
  const std::vector<int>& labels = prompt.point_labels;
  if (!labels.empty() && labels.size() != prompt.points.size()) {
    fail(kPredict, "prompt {}: {} points have {} labels; give one for each, or none for all positive", number,
         prompt.points.size(), labels.size());
  }
  for (const int label : labels) {
    if (label != 0 && label != 1) {
      fail(kPredict, "prompt {}: a point's label is 1 (inside) or 0 (outside), got {}", number, label);
    }
  }
  if (prompt.points.empty()) return {};
  return labels.empty() ? torch::ones({std::ssize(prompt.points)}, torch::kInt32) : labels_tensor(labels);
}

torch::Tensor checked_mask(const torch::Tensor& mask, int64_t side, size_t number) {
  const auto logits = mask.detach().to(torch::kCPU, torch::kFloat32);
  if (logits.dim() != 3 || logits.size(0) != 1 || logits.size(1) != side || logits.size(2) != side) {
    fail(kPredict, "prompt {}: mask_input must be [1,{},{}], got [{}]; mask_prompt() makes it of a picture's mask",
         number, side, side, fmt::join(mask.sizes(), ","));
  }
  if (!logits.isfinite().all().item<bool>()) {
    fail(kPredict, "prompt {}: mask_input has numbers that are not finite", number);
  }
  return logits;
}

}  // namespace

Prompt prompt_in_input(const PredictPrompt& prompt, const InputFrame& frame, int64_t mask_input_size, size_t number) {
  Prompt row;
  if (prompt.box) row.box_in_input = box_in_input(*prompt.box, frame, number);
  if (!prompt.points.empty()) row.points_in_input = points_in_input(prompt.points, frame, number);
  row.point_labels = checked_labels(prompt, number);
  if (prompt.mask_input.defined()) row.mask_in_mask_input = checked_mask(prompt.mask_input, mask_input_size, number);
  if (row.is_empty()) fail(kPredict, "prompt {} is empty; give a box, points or a mask", number);
  return row;
}

torch::Tensor label_in_input(const Image& gray, const InputFrame& frame, int64_t side) {
  CropResize whole;
  whole.scaled = frame.input_size;
  whole.side = side;
  torch::Tensor label = torch::empty({1, side, side}, torch::kFloat32);
  crop_resize_label(gray, whole, label.data_ptr<float>());
  return label;
}

torch::Tensor mask_prompt(const Image& gray, const InputFrame& frame, int64_t side, int64_t mask_input_size) {
  const torch::Tensor label = label_in_input(gray, frame, side);
  const std::vector<float> small =
      resize_plane(label.const_data_ptr<float>(), {side, side}, {mask_input_size, mask_input_size});
  torch::Tensor prompt = torch::empty({1, mask_input_size, mask_input_size}, torch::kFloat32);
  float* out = prompt.data_ptr<float>();
  for (const float value : small) *out++ = value / 255 > 0.5F ? 255 : 0;
  return prompt;
}

torch::Tensor mask_prompt(const Mask& mask, int64_t side, int64_t mask_input_size) {
  return mask_prompt(mask_to_gray(mask), input_frame(mask.size(), Protocol::kKeepAspect, side), side, mask_input_size);
}

}  // namespace hqsam
