// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <optional>
#include <vector>

#include "hqsam/core/geometry.h"
#include "hqsam/core/random.h"

namespace hqsam {

enum class PromptType { kBox, kPoints, kNoisyMask };

inline constexpr int64_t kMostPromptPoints = 4096;

// One entry of the training mixture.
struct PromptOptions {
  PromptType type = PromptType::kBox;
  double weight = 1;
  int64_t count = 10;  // points only
  void validate() const;
};

// One training prompt, in the input frame. Exactly one of the tensors is defined; all are float32.
struct Prompt {
  PromptType type = PromptType::kBox;
  torch::Tensor box_in_input;        // [4] x0 y0 x1 y1
  torch::Tensor points_in_input;     // [K,2] x y, all positive
  torch::Tensor mask_in_mask_input;  // [1,S/4,S/4], 0 or 255
};

// label: S*S floats in 0..255, row-major; inside is > 128.
// Outermost pixels; nothing where the label has no inside.
std::optional<Box> label_box(const float* label, int64_t side);
// count distinct inside pixels, uniformly, in random order; nothing where there are fewer.
std::optional<std::vector<Point>> label_points(const float* label, int64_t side, int64_t count, RandomStream& stream);

// label [1,S,S] float -> [1,1,S/4,S/4] float, torch's bilinear rule without antialias.
torch::Tensor mask_input_of_label(const torch::Tensor& label);

// A rough mask out of a fine one (HQ-SAM's masks_noise, from Mask Transfiner): normal noise is added
// where the mask differs from its 8x down-and-up-scaled self by at least 0.01, then > 0.5.
// mask [1,1,m,n] float in 0..255 and noise of the same shape, on CPU -> [1,1,m,n], 0 or 255.
torch::Tensor noisy_mask(const torch::Tensor& mask, const torch::Tensor& noise);

// Draws a type by weight and makes the prompt of label [1,S,S] float 0..255. Two exceptions:
// - Entries of points that want more pixels than the label has inside are left out, and the others share
//   their weight. Where no entry remains, the mixture is points alone: the prompt is every inside pixel.
// - A label without inside can have neither box nor points: its prompt is a noisy mask (empty but for
//   noise at faint edges), whatever the mixture.
Prompt draw_prompt(const torch::Tensor& label, const std::vector<PromptOptions>& mixture, RandomStream& stream);

}  // namespace hqsam
