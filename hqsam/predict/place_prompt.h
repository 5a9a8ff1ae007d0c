// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/predict/predictor.h"
#include "hqsam/predict/stated_prompt.h"

namespace hqsam {

// The box in a picture of this size, cut to 0..width and 0..height. Throws Error with the numbers for what is no box
// with an area, for one wholly outside, and for one that reads better another way: pixels that are shares, x, y, width,
// height that are corners.
Box place_box(const StatedBox& box, Size size);

// What a prompt was before and after it was held against the picture.
struct PlacedPrompt {
  PredictPrompt prompt;
  size_t number = 0;  // of the StatedPrompt
  bool cut = false;   // the box reached outside
};

struct PromptFailure {
  size_t number = 0;
  std::string reason;
};

struct PlacedPrompts {
  std::vector<PlacedPrompt> placed;
  std::vector<PromptFailure> failed;
};

// The prompts of a picture in its upright frame, those that cannot be used beside them with the reasons. Boxes and
// points of a file that states the size of the picture's stored pixels are turned with them. Throws Error where none
// can be used: the only prompt's reason, StatedPrompts::error, or a stated size that is another picture's.
// image_size and mask_input_size are the model's.
PlacedPrompts place_prompts(const StatedPrompts& stated, const PictureFrame& picture, int64_t image_size,
                            int64_t mask_input_size);

}  // namespace hqsam
