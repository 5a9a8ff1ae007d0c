// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "hqsam/predict/stated_prompt.h"

namespace hqsam {

// Bytes of a file of prompts: a detector's results with masks are long.
inline constexpr size_t kMaxPromptBytes = size_t{512} << 20;

// The prompts of one picture, as a file names it: a file name, a stem, a path, or a number.
struct NamedPrompts {
  std::string name;
  StatedPrompts stated;
};

// Prompts in JSON, told apart by what is in it:
//  - {"kite.jpg": PROMPT, "sub/dog": [PROMPT, ...]}, PROMPT = {"box": [x0, y0, x1, y1], "points": [[x, y], ...],
//    "labels": [1, 0, ...], "mask": "rough.png", "id": 7, "category": "kite", "score": 0.9}, all but one of box, points
//    and mask optional; or {"boxes": [[x0, y0, x1, y1], ...], "points", "labels", "mask"}: one prompt per box, or
//    points and a mask with one box or alone;
//  - COCO's results: [{"image_id", "bbox": [x, y, width, height], "score", "category_id"}, ...];
//  - COCO's annotations: {"images": [{"id", "file_name"}], "annotations": [{"image_id", "bbox", ...}]}; what is
//    iscrowd is left out with a warning.
// A prompt that cannot be used says so (StatedPrompt::error) and the others stand. Throws Error naming the file where
// it is none of these, where no prompt can be used, and for a box whose x1 < x0 or y1 < y0 makes sense as
// x, y, width, height: the others may be so too. folder: what "mask" is relative to.
std::vector<NamedPrompts> prompts_from_json(std::string_view text, const std::string& name,
                                            const std::filesystem::path& folder);

// A detector's text (YOLO): "class cx cy width height [confidence or track id]" a line, in shares of the picture; a
// line of more numbers is a segment's or an oriented box's corners "class x y x y x y ... [confidence]" and stands for
// the box around it. Throws Error with the line for what is neither, or keypoints.
StatedPrompts prompts_from_yolo(std::string_view text, const std::string& name);

// A prompt per box; or points and a mask together with one box, or alone. Throws Error where they meet several boxes,
// and for no prompt at all.
std::vector<StatedPrompt> prompts_of_boxes(const std::vector<StatedBox>& boxes, const StatedPrompt& shared);

}  // namespace hqsam
