// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <optional>
#include <vector>

#include "hqsam/core/geometry.h"
#include "hqsam/core/random.h"
#include "hqsam/data/prompt_options.h"
#include "hqsam/prompt/prompt.h"

namespace hqsam {

// label: S*S floats in 0..255, row-major; inside is > 128.
// Outermost pixels; nothing where the label has no inside.
std::optional<Box> label_box(const float* label, int64_t side);
// label [1,S,S] float -> [1,1,S/4,S/4] float, torch's bilinear rule without antialias.
torch::Tensor mask_input_of_label(const torch::Tensor& label);

// A rough mask out of a fine one (HQ-SAM's masks_noise, from Mask Transfiner): normal noise is added
// where the mask differs from its 8x down-and-up-scaled self by at least 0.01, then > 0.5.
// mask [1,1,m,n] float in 0..255 and noise of the same shape, on CPU -> [1,1,m,n], 0 or 255.
torch::Tensor noisy_mask(const torch::Tensor& mask, const torch::Tensor& noise);

// What a prompt is drawn of.
struct LabelSource {
  torch::Tensor label;  // [1,S,S] float, 0..255
  Size picture;         // what of the square the picture covers, from the top left
  torch::Tensor known;  // [1,S,S] float, 0 where nobody knows; undefined: all is known
};

// A training row's: the first prompt, and the rounds of clicks that follow.
struct DrawnPrompt {
  Prompt prompt;
  OwnMask own_mask = OwnMask::kNone;
  ClickRounds clicks;  // without rounds: none follow
};

// Draws an entry by weight and makes the prompt of the label:
// - box: of the label's outermost pixels; with noise each corner's coordinates are off, but within the picture.
// - points: distinct pixels, uniformly: the first inside, of the others each with probability `negative` outside of the
//   object but no further from its box than a quarter of the box's sides (anywhere outside where there is none).
// - own mask: the box, for whoever has the model.
// - noisy mask, of 0 and 255; rough mask, the same: the label at the mask input's size, made rough there.
// Three exceptions:
// - Entries with points that want more pixels than the label has inside are left out, and the others share their
//   weight. Where no entry remains, the prompt is every inside pixel.
// - Fewer points come where there are not enough pixels outside or, with a range of counts, inside.
// - A label without inside can have neither box nor points: its prompt is a noisy mask (empty but for
//   noise at faint edges), whatever the mixture.
DrawnPrompt draw_prompt(const LabelSource& source, const std::vector<PromptOptions>& mixture, RandomStream& stream);
// The first prompt alone, of a label whose picture fills the square.
Prompt draw_prompt(const torch::Tensor& label, const std::vector<PromptOptions>& mixture, RandomStream& stream);

}  // namespace hqsam
