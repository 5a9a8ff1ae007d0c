// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <optional>
#include <vector>

#include "hqsam/core/geometry.h"
#include "hqsam/core/random.h"
#include "hqsam/prompt/prompt.h"

namespace hqsam {

enum class PromptType { kBox, kPoints, kNoisyMask };

inline constexpr int64_t kMostPromptPoints = 4096;

// One entry of the training mixture: a type of prompt, or several that are given together.
struct PromptOptions {
  std::vector<PromptType> types = {PromptType::kBox};  // each at most once
  double weight = 1;
  int64_t count = 10;  // points only
  bool has(PromptType type) const;
  void validate() const;
};

// label: S*S floats in 0..255, row-major; inside is > 128.
// Outermost pixels; nothing where the label has no inside.
std::optional<Box> label_box(const float* label, int64_t side);
// label [1,S,S] float -> [1,1,S/4,S/4] float, torch's bilinear rule without antialias.
torch::Tensor mask_input_of_label(const torch::Tensor& label);

// A rough mask out of a fine one (HQ-SAM's masks_noise, from Mask Transfiner): normal noise is added
// where the mask differs from its 8x down-and-up-scaled self by at least 0.01, then > 0.5.
// mask [1,1,m,n] float in 0..255 and noise of the same shape, on CPU -> [1,1,m,n], 0 or 255.
torch::Tensor noisy_mask(const torch::Tensor& mask, const torch::Tensor& noise);

// Draws an entry by weight and makes the prompt of label [1,S,S] float 0..255: the box of the label's outermost pixels,
// points that are distinct inside pixels, uniformly and all positive, a noisy mask of 0 and 255. Two exceptions:
// - Entries with points that want more pixels than the label has inside are left out, and the others share their
//   weight. Where no entry remains, the prompt is every inside pixel.
// - A label without inside can have neither box nor points: its prompt is a noisy mask (empty but for
//   noise at faint edges), whatever the mixture.
Prompt draw_prompt(const torch::Tensor& label, const std::vector<PromptOptions>& mixture, RandomStream& stream);

}  // namespace hqsam
