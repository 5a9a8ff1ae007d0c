// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "hqsam/image/draw.h"

namespace hqsam {

// The color of a label above 0: neighbours in number differ well.
Color label_color(uint16_t label);

// Into an RGB image: each pixel's label in its color, with outlines where labels meet. labels are row-major and of a
// picture of this size, of which the image is a smaller or larger version. Throws Error where they are not as many.
void draw_labels(Image& image, std::span<const uint16_t> labels, Size size, double opacity = 0.5);

}  // namespace hqsam
