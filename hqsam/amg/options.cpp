// SPDX-License-Identifier: Apache-2.0
#include "hqsam/amg/options.h"

#include <cmath>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

constexpr const char* kFunction = "AmgOptions";
constexpr int64_t kMostPointsPerSide = 1024, kMostLayers = 5, kTileStep = 64;

void require_share(const char* name, double value) {
  if (!(value >= 0 && value <= 1)) fail(kFunction, "{} is a share from 0 to 1, got {}", name, value);
}

void require_within(const char* name, int64_t value, int64_t lowest, int64_t highest) {
  if (value < lowest || value > highest) {
    fail(kFunction, "{} is a whole number from {} to {}, got {}", name, lowest, highest, value);
  }
}

}  // namespace

void AmgOptions::validate() const {
  require_within("points_per_side", points_per_side, 1, kMostPointsPerSide);
  require_within("points_per_batch", points_per_batch, 0, kMostPointsPerSide * kMostPointsPerSide);
  require_share("min_predicted_iou", min_predicted_iou);
  require_share("min_stability", min_stability);
  require_share("nms_iou", nms_iou);
  require_share("crop_nms_iou", crop_nms_iou);
  if (!(crop_overlap >= 0 && crop_overlap < 1))
    fail(kFunction, "crop_overlap is a share below 1, got {}", crop_overlap);
  if (!(stability_offset > 0) || !std::isfinite(stability_offset)) {
    fail(kFunction, "stability_offset is above 0, got {}", stability_offset);
  }
  require_within("crop_layers", crop_layers, 0, kMostLayers);
  require_within("crop_points_divisor", crop_points_divisor, 1, kMostPointsPerSide);
  int64_t points = points_per_side;
  for (int64_t layer = 0; layer < crop_layers; ++layer) points /= crop_points_divisor;
  if (points < 1) {
    fail(kFunction, "points_per_side {} leaves no point in crop layer {} with crop_points_divisor {}", points_per_side,
         crop_layers, crop_points_divisor);
  }
  constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
  require_within("min_region", min_region, 0, kAny);
  require_within("min_area", min_area, 0, kAny);
  require_within("tile", tile, 0, kAny);
  if (tile % kTileStep != 0) fail(kFunction, "tile is a multiple of {} pixels, got {}", kTileStep, tile);
  if (tile > 0 && crop_layers > 0) fail(kFunction, "tile {} and crop_layers {}: take one of them", tile, crop_layers);
  if (exact && (tile > 0 || min_area > 0 || max_area < kAny)) {
    fail(kFunction, "tile, min_area and max_area are not of SAM's algorithm (exact)");
  }
  if (max_area < min_area) fail(kFunction, "max_area {} is below min_area {}", max_area, min_area);
}

bool AmgOptions::passes_iou(float predicted_iou) const {
  return min_predicted_iou <= 0 || predicted_iou > static_cast<float>(min_predicted_iou);
}

}  // namespace hqsam
