// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "hqsam/mask/mask.h"

namespace hqsam {

inline constexpr int64_t kMaxRlePixels = int64_t{1} << 28;  // larger sizes are refused before allocating

// COCO's run-length code: column-major runs that begin with the outside.
struct Rle {
  Size size;
  std::vector<uint32_t> counts;
};

Rle rle_encode(const Mask& mask);
Mask rle_decode(const Rle& rle);  // throws Error unless the runs add up to height * width

// COCO's compressed string of the counts (6 bits per character, differences to the count before last).
std::string rle_to_string(const Rle& rle);
Rle rle_from_string(std::string_view text, Size size);  // throws Error on malformed text

}  // namespace hqsam
