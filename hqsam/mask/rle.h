// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "hqsam/mask/mask.h"

namespace hqsam {

inline constexpr int64_t kMaxRlePixels = int64_t{1} << 28;  // larger sizes are refused before allocating

// COCO's run-length code: column-major runs that begin with the outside.
struct Rle {
  Size size;
  std::vector<uint32_t> counts;
  bool operator==(const Rle&) const = default;
};

Rle rle_encode(const Mask& mask);
Mask rle_decode(const Rle& rle);   // throws Error unless the runs add up to height * width
void check_runs(const Rle& rle);   // the same check alone
int64_t rle_area(const Rle& rle);  // pixels inside
// Pixels inside any of the parts; of none, an empty mask. Throws Error where a part is not of this size.
Rle rle_union(std::span<const Rle> parts, Size size);
// Throws Error("[function] ...") unless height and width are at least 0 and their product at most kMaxRlePixels.
void check_rle_size(const char* function, Size size);

// COCO's compressed string of the counts (6 bits per character, differences to the count before last).
std::string rle_to_string(const Rle& rle);
Rle rle_from_string(std::string_view text, Size size);  // throws Error on malformed text

}  // namespace hqsam
