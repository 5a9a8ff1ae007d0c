// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hqsam/data/dataset.h"
#include "hqsam/mask/rle.h"

namespace hqsam {

struct ObjectMask {
  MaskInfo info;
  Rle rle;
};

// What one picture's own annotation file says (YOLO's text, LabelMe's and SA-1B's JSON).
struct PictureObjects {
  Size frame;  // that the masks are drawn in: the picture's, as the file states it or, where it does not, upright
  std::vector<ObjectMask> objects;
  int64_t skipped = 0;      // objects without a usable mask, left out
  std::string why_skipped;  // of the first: which object, and why
};

// text: the whole annotation file; name: the file's, for messages; upright: the picture's size. Throws Error with name
// where the file as a whole cannot be read; one odd object is left out and counted.
using ReadObjects = std::function<PictureObjects(std::string_view text, const std::string& name, Size upright)>;

}  // namespace hqsam
