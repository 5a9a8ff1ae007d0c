// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "hqsam/core/geometry.h"

namespace hqsam {

// What the four numbers of a box are.
enum class BoxForm {
  kCorners,        // x0, y0, x1, y1 in pixels
  kCornerAndSize,  // x, y, width, height in pixels: COCO's bbox
  kCentre,         // centre x, centre y, width, height in shares of the picture: YOLO's
};

struct StatedBox {
  BoxForm form = BoxForm::kCorners;
  std::array<double, 4> numbers = {};
  bool operator==(const StatedBox&) const = default;
};

// A number or a text that a file gives to a prompt.
using PromptLabel = std::variant<std::monostate, int64_t, std::string>;

// One mask's prompt as a file or the command line states it, before it is held against a picture.
struct StatedPrompt {
  std::optional<StatedBox> box;
  std::vector<Point> points;      // pixels
  std::vector<int> point_labels;  // 1 inside, 0 outside; as many as points, or none: all inside
  std::filesystem::path mask;     // a picture of a mask, or .safetensors with low_res_logits; "": none
  PromptLabel id, category;       // told in the results
  std::string category_name;      // of a category that is a number, where the file has it
  std::optional<double> score;    // a detector's, told in the results
  std::string error;              // why it cannot be used; "": it can
};

// All prompts of one picture.
struct StatedPrompts {
  std::vector<StatedPrompt> prompts;
  std::optional<Size> frame;             // the picture's size, where the file states it
  std::optional<int64_t> image_id = {};  // COCO's number of the picture
  std::string error;                     // why none of them can be used; "": they can
};

// A picture as it was read, upright, and as its pixels lie in the file.
struct PictureFrame {
  Size size;
  int orientation = 1;  // EXIF's; size is that of the picture after it
  Size stored() const;
};

// An Error's message without its "[function] ", to be told within another.
inline std::string reason_of(const std::string& message) {
  const size_t end = message.starts_with('[') ? message.find("] ") : std::string::npos;
  return end == std::string::npos ? message : message.substr(end + 2);
}

}  // namespace hqsam
