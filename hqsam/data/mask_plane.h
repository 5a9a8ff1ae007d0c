// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "hqsam/image/image.h"
#include "hqsam/image/raster.h"

namespace hqsam {

// A mask file's values, one for each pixel, before they are given a meaning.
struct MaskPlane {
  enum class Form { kGray, kIndices, kColours };
  Form form = Form::kGray;
  Size size;
  std::vector<int32_t> values;  // gray value, palette index, or colour 0xrrggbb
  int32_t white = 255;          // gray: 255, or 65535 in files of more bits
  std::vector<uint8_t> alpha;   // opacity 0..255; empty where there is none or it is the same everywhere
  std::vector<std::array<uint8_t, 3>> palette;
};

// A value whose white is 255 or 65535 as 0..255, rounded.
uint8_t to_8_bits(int32_t value, int32_t white);

// Colours that are all gray count as gray; so do palettes that name each gray by itself. Floats from 0 to 1 are brought
// to 0..65535, NaN to 0. Throws Error with the name for negative or broken numbers, two or more than four channels.
MaskPlane mask_plane(const Raster& raster, const std::string& name);
// The same of a palette's colours instead of its indices, where all that are used are gray.
MaskPlane gray_of_palette(const MaskPlane& indices);
bool uses_gray_palette(const MaskPlane& indices);

// How often a value comes, and how often with all four neighbours equal to it: objects have such pixels, soft edges and
// the noise of JPEG have few.
struct ValueCount {
  int64_t pixels = 0, flat = 0;
};
using ValueCounts = std::map<int32_t, ValueCount>;
// where: pixels of a mask plane that count; empty: all.
ValueCounts count_values(const MaskPlane& plane, const std::vector<uint8_t>& where = {});
ValueCounts count_values(const Image& gray);

// "0 (93.1 %), 38, 75 and 4 more": values for a message, colours as #00ff00.
std::string list_values(const ValueCounts& counts, MaskPlane::Form form);
std::string value_name(int32_t value, MaskPlane::Form form);

}  // namespace hqsam
