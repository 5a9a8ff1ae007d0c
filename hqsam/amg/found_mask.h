// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "hqsam/amg/crops.h"
#include "hqsam/mask/packed.h"

namespace hqsam {

// A mask of something in a picture, in the picture's frame.
struct FoundMask {
  PackedMask mask;
  double predicted_iou = 0;
  double stability = 0;
  std::optional<Point> point;  // that it was prompted with
  std::optional<Box> box;      // that it was prompted with, where boxes were given
  Crop crop;                   // that it was found in
};

}  // namespace hqsam
