// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/image/image.h"

namespace hqsam {

// Two rules of resizing live side by side in HQ-SAM; each function is one of them.

// Training and the `reference` protocol: torch's interpolate, bilinear, align_corners=false, no
// antialias, computed in float and, for pixels, truncated (not rounded) to 8 bits.
Image resize_bilinear(const Image& image, Size size);

// What large-scale jitter does to a picture, in one pass: scale to `scaled` by the rule above, cut the
// window at (top, left) of at most side x side, pad with `padding` to side x side. Only pixels of the
// window are computed. flip mirrors the source left to right first.
struct CropResize {
  Size scaled;
  int64_t top = 0, left = 0;
  int64_t side = 1024;
  bool flip = false;
};
// planes: the image's channels one behind the other, side * side bytes each.
void crop_resize(const Image& image, const CropResize& how, uint8_t padding, uint8_t* planes);
// The same for a label, whose fractional values are kept: side * side floats in 0..255, padded with 0.
void crop_resize_label(const Image& gray, const CropResize& how, float* plane);
std::vector<float> crop_resize_label(const Image& gray, const CropResize& how);

// Prediction and the `keep_aspect` protocol: Pillow's antialiased bilinear (triangle filter over the
// source pixels that a target pixel covers), horizontal then vertical pass, 8 bits between them.
Image resize_antialiased(const Image& image, Size size);

// SAM's ResizeLongestSide: the size whose longer side is `side`, each side floor(x * scale + 0.5), at least 1.
Size longest_side_size(Size size, int64_t side);

}  // namespace hqsam
