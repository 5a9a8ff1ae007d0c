// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hqsam/data/objects.h"
#include "hqsam/mask/polygon.h"

namespace hqsam {

struct YoloClasses {
  int64_t count = -1;  // a line's class is less than this; -1: not known
  std::map<int64_t, std::string> names;
};

// One line of a YOLO text that is not blank.
struct YoloLine {
  int64_t number = 0;    // from 1
  int64_t category = 0;  // the class
  Polygon corners;       // shares of the picture's width and height, 0 to 1
  bool box = false;      // "class x y width height": a detection's
  bool pixels = false;   // coordinates beyond any that rounding makes
  std::string why;       // why it is no polygon; "": it is one
};

// Shares that lie out of the picture by a hundredth at most are brought to its border.
std::vector<YoloLine> yolo_lines(std::string_view text);

// A text of "class x y x y ..." lines, shares of the upright picture, as objects. Each is filled by COCO's rule of even
// and odd: the bridges by which converters join an object's parts and holes into one outline have no pixels. Left out
// and counted by their lines: boxes, lines that are no polygon, with a number too much (a confidence), far out of the
// picture, of a class that is not in classes, and doubles. Throws Error where no line is a polygon and some hold pixels
// in place of shares.
PictureObjects read_yolo_text(std::string_view text, const std::string& name, Size upright,
                              const YoloClasses& classes = {});

}  // namespace hqsam
