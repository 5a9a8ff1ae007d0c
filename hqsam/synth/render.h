// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/core.hpp>

#include "hqsam/core/geometry.h"
#include "hqsam/synth/drawing.h"

namespace hqsam::synth {

// Where a drawing lies in a picture: x_in_image = matrix * (x, y, 1).
struct Placement {
  cv::Matx23f matrix;
  float scale = 1;  // pixels per unit, for widths
};

// Turned, stretched and scaled at random so that the box around it covers 15 to 80 % of the picture; now
// and then a part lies beyond the border.
Placement place(const Drawing& drawing, cv::Size size, Dice& dice);

struct Rendered {
  cv::Mat alpha;  // CV_32F, 0..1
  cv::Mat color;  // CV_32FC3, 0..255, meaningful where alpha > 0
};

// Anti-aliased; strokes are shaded as tubes lit from `light` (a unit vector). No line is thinner than
// 1.6 pixels, so that every line is inside in the thresholded mask.
Rendered render(const Drawing& drawing, const Placement& placement, cv::Size size, Pt light);

}  // namespace hqsam::synth
