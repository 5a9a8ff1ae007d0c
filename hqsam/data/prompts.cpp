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
constexpr float kMiddle = 127.5;
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

// A label's pixels, as the drawing of prompts asks for them.
class LabelPixels {
 public:
  explicit LabelPixels(const LabelSource& source)
      : label_(source.label.contiguous()), picture_(source.picture), side_(label_.size(1)) {
    if (source.known.defined()) known_ = source.known.contiguous();
    inside_ = count_above(values(), side_ * side_, kInside);
  }

  const torch::Tensor& tensor() const { return label_; }
  const float* values() const { return label_.data_ptr<float>(); }
  int64_t side() const { return side_; }
  int64_t inside() const { return inside_; }
  const Size& picture() const { return picture_; }

  // Known pixels of the picture outside of the object within the box.
  std::vector<int64_t> outside(const Box& box) const {
    const float* known = known_.defined() ? known_.data_ptr<float>() : nullptr;
    const auto first = [](double at) { return std::max<int64_t>(0, std::llround(at)); };
    const auto end = [](double at, int64_t size) { return std::min<int64_t>(size, std::llround(at) + 1); };
    std::vector<int64_t> pixels;
    for (int64_t y = first(box.y0); y < end(box.y1, picture_.height); ++y) {
      for (int64_t x = first(box.x0); x < end(box.x1, picture_.width); ++x) {
        const int64_t i = y * side_ + x;
        if (values()[i] <= kInside && (known == nullptr || known[i] > 0.5f)) pixels.push_back(i);
      }
    }
    return pixels;
  }

  // The same near the object; where there is none, anywhere.
  std::vector<int64_t> outside_near() const {
    const Box box = *label_box(values(), side_);
    const double across = (box.x1 - box.x0 + 1) / 4, down = (box.y1 - box.y0 + 1) / 4;
    std::vector<int64_t> pixels = outside({box.x0 - across, box.y0 - down, box.x1 + across, box.y1 + down});
    if (!pixels.empty()) return pixels;
    return outside({0, 0, static_cast<double>(picture_.width), static_cast<double>(picture_.height)});
  }

 private:
  torch::Tensor label_, known_;
  Size picture_;
  int64_t side_, inside_;
};

int64_t draw_count(const PromptOptions& entry, int64_t inside, RandomStream& stream) {
  const int64_t most = std::min(entry.most_count, inside);
  return most > entry.count ? entry.count + stream.below(most - entry.count + 1) : entry.count;
}

void add_points(const LabelPixels& label, const PromptOptions& entry, RandomStream& stream, Prompt& prompt) {
  const int64_t count = draw_count(entry, label.inside(), stream);
  int64_t negatives = 0;
  for (int64_t i = 1; entry.negative > 0 && i < count; ++i) negatives += stream.uniform() < entry.negative ? 1 : 0;
  std::vector<Point> points =
      draw_points(inside_pixels(label.values(), label.side()), label.side(), count - negatives, stream);
  std::vector<int> labels(points.size(), 1);
  if (negatives > 0) {
    const std::vector<int64_t> pixels = label.outside_near();
    const std::vector<Point> outside =
        draw_points(pixels, label.side(), std::min(negatives, std::ssize(pixels)), stream);
    points.insert(points.end(), outside.begin(), outside.end());
    labels.resize(points.size(), 0);
  }
  prompt.points_in_input = points_tensor(points);
  prompt.point_labels = labels_tensor(labels);
}

// Each coordinate by itself; within the picture, corners in their order.
Box noisy_box(const Box& box, const BoxNoise& noise, const LabelPixels& label, RandomStream& stream) {
  if (noise.share == 0) return box;
  const double cap = noise.cap * static_cast<double>(label.side()) / kCapSide;
  const auto moved = [&](double at, double side, int64_t size) {
    double by = stream.normal() * noise.share * side;
    if (cap > 0) by = std::clamp(by, -cap, cap);
    return std::clamp(at + by, 0.0, static_cast<double>(size - 1));
  };
  const double width = box.x1 - box.x0 + 1, height = box.y1 - box.y0 + 1;
  const double x0 = moved(box.x0, width, label.picture().width), y0 = moved(box.y0, height, label.picture().height);
  const double x1 = moved(box.x1, width, label.picture().width), y1 = moved(box.y1, height, label.picture().height);
  return {std::min(x0, x1), std::min(y0, y1), std::max(x0, x1), std::max(y0, y1)};
}

// The object at the mask input's size, cut to the picture; cells of its pixels where it is too thin for the resizing.
Mask cells_inside(const LabelPixels& label) {
  const auto cells = [](int64_t pixels) { return (pixels + kMaskInputStride - 1) / kMaskInputStride; };
  const torch::Tensor small = mask_input_of_label(label.tensor());
  const float* values = small.data_ptr<float>();
  Mask mask(cells(label.picture().height), cells(label.picture().width));
  for (int64_t y = 0; y < mask.height; ++y) {
    for (int64_t x = 0; x < mask.width; ++x) mask.at(y, x) = values[y * small.size(3) + x] > kMiddle ? 1 : 0;
  }
  if (bounding_box(mask)) return mask;
  for (const int64_t i : inside_pixels(label.values(), label.side())) {
    mask.at(i / label.side() / kMaskInputStride, i % label.side() / kMaskInputStride) = 1;
  }
  return mask;
}

torch::Tensor draw_rough_mask(const LabelPixels& label, const std::vector<RoughKind>& kinds, RandomStream& stream) {
  const auto number = static_cast<size_t>(stream.below(kinds.empty() ? std::ssize(kRoughKinds) : std::ssize(kinds)));
  const RoughKind kind = kinds.empty() ? kRoughKinds[number].first : kinds[number];
  const Mask rough = rough_mask(cells_inside(label), kind, stream);
  const int64_t side = label.side() / kMaskInputStride;
  torch::Tensor result = torch::zeros({1, side, side}, torch::kFloat32);
  float* out = result.data_ptr<float>();
  for (int64_t y = 0; y < rough.height; ++y) {
    for (int64_t x = 0; x < rough.width; ++x) out[y * side + x] = rough.at(y, x) ? 255 : 0;
  }
  return result;
}

// The prompt of an entry that the label has enough pixels for.
Prompt first_prompt(const LabelPixels& label, const PromptOptions& entry, RandomStream& stream) {
  bool box = entry.has(PromptType::kBox) || entry.has(PromptType::kOwnMask);
  PromptOptions points = entry;
  if (entry.types.size() == 1 && entry.has(PromptType::kClicks)) {
    box = stream.uniform() < 0.5;
    if (!box) points = {.types = {PromptType::kPoints}, .count = 1};
  }
  Prompt prompt;
  if (box) {
    const Box exact = *label_box(label.values(), label.side());
    prompt.box_in_input = box_tensor(noisy_box(exact, entry.noise, label, stream));
  }
  if (points.has(PromptType::kPoints)) add_points(label, points, stream, prompt);
  if (entry.has(PromptType::kNoisyMask)) prompt.mask_in_mask_input = draw_noisy_mask(label.tensor(), stream);
  if (entry.has(PromptType::kRoughMask)) prompt.mask_in_mask_input = draw_rough_mask(label, entry.kinds, stream);
  return prompt;
}

}  // namespace

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

DrawnPrompt draw_prompt(const LabelSource& source, const std::vector<PromptOptions>& mixture, RandomStream& stream) {
  check_label("draw_prompt", source.label);
  const Size& picture = source.picture;
  const int64_t side = source.label.size(1);
  if (std::min(picture.height, picture.width) < 1 || std::max(picture.height, picture.width) > side) {
    fail("draw_prompt", "a picture of {}x{} does not lie in a label of {}x{}", picture.width, picture.height, side,
         side);
  }
  if (mixture.empty()) fail("draw_prompt", "the mixture of prompts is empty");
  const LabelPixels label(source);
  const PromptOptions* entry = draw_entry(mixture, label.inside(), stream);
  DrawnPrompt drawn;
  if (entry != nullptr && entry->has(PromptType::kClicks)) drawn.clicks = entry->clicks;
  if (label.inside() == 0) {
    drawn.prompt.mask_in_mask_input = draw_noisy_mask(label.tensor(), stream);
  } else if (entry == nullptr) {
    PromptOptions all;
    all.count = label.inside();
    add_points(label, all, stream, drawn.prompt);
  } else {
    drawn.prompt = first_prompt(label, *entry, stream);
    if (entry->has(PromptType::kOwnMask)) {
      drawn.own_mask = entry->has(PromptType::kBox) ? OwnMask::kBeside : OwnMask::kInstead;
    }
  }
  return drawn;
}

Prompt draw_prompt(const torch::Tensor& label, const std::vector<PromptOptions>& mixture, RandomStream& stream) {
  check_label("draw_prompt", label);
  return draw_prompt(LabelSource{label, {label.size(1), label.size(2)}, {}}, mixture, stream).prompt;
}

}  // namespace hqsam
