// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/evaluate/evaluate.h"

namespace hqsam {

inline constexpr int64_t kMostShown = 2048;  // pixels of a picture's longer side that reports draw on

// The size that a picture is drawn at: its own, or the same shape with the longer side kMostShown.
Size shown_size(Size picture);

// One of a sample's masks and what was predicted of it at the shown size: as they are where that is the picture's.
// Predicted masks may have either size; points and boxes are the picture's.
struct ShownSample {
  Sample sample;  // with this label alone
  SampleMasks masks;
};
ShownSample shown_sample(Sample sample, int64_t mask_index, SampleMasks masks);

}  // namespace hqsam
