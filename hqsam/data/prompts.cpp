// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/prompts.h"

#include <algorithm>
#include <cmath>

#include "hqsam/core/bounds.h"
#include "hqsam/core/error.h"
#include "hqsam/image/counts.h"
#include "hqsam/image/plane.h"

namespace hqsam {
namespace {

constexpr float kInside = 128;
constexpr int64_t kMaskInputStride = 4;  // input pixels per pixel of the prompt encoder's mask input
constexpr int64_t kNoiseStride = 8;

void check_float(const char* function, const torch::Tensor& tensor, int64_t dimensions) {
  if (!tensor.defined() || tensor.dim() != dimensions || tensor.scalar_type() != torch::kFloat32 ||
      !tensor.device().is_cpu()) {
    fail(function, "expected a float32 CPU tensor of {} dimensions, got {}", dimensions,
         tensor.defined() ? tensor.toString() + " of " + std::to_string(tensor.dim()) : "none");
  }
}

void check_label(const char* function, const torch::Tensor& label) {
  check_float(function, label, 3);
  const int64_t side = label.size(1);
  if (label.size(0) != 1 || label.size(2) != side || side % kMaskInputStride != 0 ||
      side < kMaskInputStride * kNoiseStride) {
    fail(function, "a label is [1,S,S] with S a multiple of {} and at least {}, got [{},{},{}]", kMaskInputStride,
         kMaskInputStride * kNoiseStride, label.size(0), side, label.size(2));
  }
}

std::vector<int64_t> inside_pixels(const float* label, int64_t side) {
  std::vector<int64_t> pixels;
  for (int64_t i = 0; i < side * side; ++i) {
    if (label[i] > kInside) pixels.push_back(i);
  }
  return pixels;
}

// The first `count` elements of a Fisher-Yates shuffle.
std::vector<Point> draw_points(std::vector<int64_t> pixels, int64_t side, int64_t count, RandomStream& stream) {
  std::vector<Point> points;
  for (int64_t i = 0; i < count; ++i) {
    std::swap(pixels[i], pixels[i + stream.below(static_cast<int64_t>(pixels.size()) - i)]);
    points.push_back({static_cast<double>(pixels[i] % side), static_cast<double>(pixels[i] / side)});
  }
  return points;
}

void add_points(const std::vector<Point>& points_in_input, Prompt& prompt) {
  prompt.points_in_input = points_tensor(points_in_input);
  prompt.point_labels = torch::ones({std::ssize(points_in_input)}, torch::kInt32);
}

torch::Tensor draw_noisy_mask(const torch::Tensor& label, RandomStream& stream) {
  const torch::Tensor mask = mask_input_of_label(label);
  torch::Tensor noise = torch::empty(mask.sizes(), torch::kFloat32);
  float* values = noise.data_ptr<float>();
  std::generate(values, values + noise.numel(), [&] { return static_cast<float>(stream.normal()); });
  return noisy_mask(mask, noise).squeeze(0);
}

// Draws an entry by weight among those possible for a label with `inside` pixels; null if there is none.
const PromptOptions* draw_entry(const std::vector<PromptOptions>& mixture, int64_t inside, RandomStream& stream) {
  const auto weight = [&](const PromptOptions& entry) {
    return entry.has(PromptType::kPoints) && entry.count > inside ? 0.0 : entry.weight;
  };
  double total = 0;
  for (const PromptOptions& entry : mixture) total += weight(entry);
  double left = stream.uniform() * total;
  const PromptOptions* chosen = nullptr;
  for (const PromptOptions& entry : mixture) {
    if (weight(entry) <= 0) continue;
    chosen = &entry;
    left -= weight(entry);
    if (left < 0) break;
  }
  return chosen;
}

}  // namespace

bool PromptOptions::has(PromptType type) const { return std::find(types.begin(), types.end(), type) != types.end(); }

void PromptOptions::validate() const {
  if (types.empty()) fail("PromptOptions", "types must name at least one of box, points, noisy_mask");
  for (const PromptType type : types) {
    if (std::count(types.begin(), types.end(), type) > 1) fail("PromptOptions", "types names one of them twice");
  }
  require_within("PromptOptions", "weight", weight, 1e-6, 1e6);
  require_within("PromptOptions", "count", count, 1, kMostPromptPoints);
}

std::optional<Box> label_box(const float* label, int64_t side) {
  int64_t left = side, right = -1, top = side, bottom = -1;
  for (int64_t y = 0; y < side; ++y) {
    const float* row = label + y * side;
    if (!any_above(row, side, kInside)) continue;
    const auto inside = [](float value) { return value > kInside; };
    const int64_t first = std::find_if(row, row + side, inside) - row;
    int64_t last = side - 1;
    while (row[last] <= kInside) --last;
    left = std::min(left, first);
    right = std::max(right, last);
    top = std::min(top, y);
    bottom = y;
  }
  if (right < 0) return std::nullopt;
  return Box{static_cast<double>(left), static_cast<double>(top), static_cast<double>(right),
             static_cast<double>(bottom)};
}

torch::Tensor mask_input_of_label(const torch::Tensor& label) {
  check_label("mask_input_of_label", label);
  const torch::Tensor whole = label.contiguous();
  const int64_t side = whole.size(1), small = side / kMaskInputStride;
  const std::vector<float> plane = resize_plane(whole.data_ptr<float>(), {side, side}, {small, small});
  torch::Tensor result = torch::empty({1, 1, small, small}, torch::kFloat32);
  std::copy(plane.begin(), plane.end(), result.data_ptr<float>());
  return result;
}

torch::Tensor noisy_mask(const torch::Tensor& mask, const torch::Tensor& noise) {
  check_float("noisy_mask", mask, 4);
  check_float("noisy_mask", noise, 4);
  const Size size = {mask.size(2), mask.size(3)};
  if (mask.size(0) != 1 || mask.size(1) != 1 || mask.sizes() != noise.sizes() || size.height < kNoiseStride ||
      size.width < kNoiseStride) {
    fail("noisy_mask", "mask and noise are [1,1,m,n], m and n at least {}; the mask has {} numbers of {}x{}, noise {}",
         kNoiseStride, mask.numel(), size.height, size.width, noise.numel());
  }
  const torch::Tensor mask_values = mask.contiguous(), noise_values = noise.contiguous();
  const float* values = mask_values.data_ptr<float>();
  const float* draws = noise_values.data_ptr<float>();
  std::vector<float> unit(values, values + mask.numel());
  for (float& value : unit) value /= 255;
  const Size coarse = {size.height / kNoiseStride, size.width / kNoiseStride};
  const std::vector<float> smooth = resize_plane(resize_plane(unit.data(), size, coarse).data(), coarse, size);
  torch::Tensor result = torch::empty(mask.sizes(), torch::kFloat32);
  float* out = result.data_ptr<float>();
  for (size_t i = 0; i < unit.size(); ++i) {
    const float drawn = std::abs(unit[i] - smooth[i]) >= 0.01f ? draws[i] : 0;
    out[i] = unit[i] + drawn > 0.5f ? 255 : 0;
  }
  return result;
}

Prompt draw_prompt(const torch::Tensor& label, const std::vector<PromptOptions>& mixture, RandomStream& stream) {
  check_label("draw_prompt", label);
  if (mixture.empty()) fail("draw_prompt", "the mixture of prompts is empty");
  const torch::Tensor whole = label.contiguous();
  const float* values = whole.data_ptr<float>();
  const int64_t side = whole.size(1);
  const int64_t inside = count_above(values, side * side, kInside);
  const PromptOptions* entry = draw_entry(mixture, inside, stream);
  Prompt prompt;
  if (inside == 0) {
    prompt.mask_in_mask_input = draw_noisy_mask(whole, stream);
  } else if (entry == nullptr) {
    add_points(draw_points(inside_pixels(values, side), side, inside, stream), prompt);
  } else {
    if (entry->has(PromptType::kBox)) prompt.box_in_input = box_tensor(*label_box(values, side));
    if (entry->has(PromptType::kPoints)) {
      add_points(draw_points(inside_pixels(values, side), side, entry->count, stream), prompt);
    }
    if (entry->has(PromptType::kNoisyMask)) prompt.mask_in_mask_input = draw_noisy_mask(whole, stream);
  }
  return prompt;
}

}  // namespace hqsam
