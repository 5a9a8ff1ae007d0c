// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/predict/prompt_source.h"

namespace hqsam {

// "x0,y0,x1,y1" with x0 < x1 and y0 < y1, and "x,y" or "x,y,label"; nothing where the text is another.
std::optional<Box> parse_box(const std::string& text);
struct LabelledPoint {
  Point point;
  int label = 1;  // 1 inside, 0 outside
};
std::optional<LabelledPoint> parse_point(const std::string& text);

// The prompts of every picture, from the command line (the same for all) or a file.
struct PromptArguments {
  std::vector<std::string> boxes, points;
  std::string mask;     // a picture's mask, or .safetensors with low_res_logits
  std::string prompts;  // see PromptSource
};

// Throws Error for no prompt at all, for boxes, points or a mask together with a file, for points or a mask with
// several boxes, and as PromptSource.
PromptSource prompt_source(const PromptArguments& arguments, const std::vector<std::filesystem::path>& pictures);

}  // namespace hqsam
