// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/augment.h"

#include <algorithm>
#include <cmath>

#include "hqsam/core/bounds.h"
#include "hqsam/core/error.h"

namespace hqsam {

void AugmentOptions::validate() const {
  require_within("AugmentOptions", "flip_probability", flip_probability, 0.0, 1.0);
  require_within("AugmentOptions", "scale_min", scale_min, 0.01, 16.0);
  require_within("AugmentOptions", "scale_max", scale_max, 0.01, 16.0);
  if (scale_min > scale_max) {
    fail("AugmentOptions", "scale_min must not be above scale_max, got {} and {}", scale_min, scale_max);
  }
}

Size jittered_size(Size size, int64_t image_size, const AugmentOptions& options, float uniform) {
  // float32 and round-half-even step by step, as torch does it: one ulp can move a size by a pixel.
  const float range = static_cast<float>(options.scale_max - options.scale_min);
  const float random_scale = uniform * range + static_cast<float>(options.scale_min);
  const float longer = std::nearbyint(random_scale * static_cast<float>(image_size));
  const float height = static_cast<float>(size.height), width = static_cast<float>(size.width);
  const float scale = std::min(longer / height, longer / width);
  const auto side = [&](float length) { return std::max<int64_t>(1, std::lrint(length * scale)); };
  return {side(height), side(width)};
}

CropResize large_scale_jitter(Size size, int64_t image_size, const AugmentOptions& options, float uniform,
                              RandomStream& stream) {
  CropResize how;
  how.scaled = jittered_size(size, image_size, options, uniform);
  how.side = image_size;
  how.top = stream.below(std::max<int64_t>(0, how.scaled.height - image_size) + 1);
  how.left = stream.below(std::max<int64_t>(0, how.scaled.width - image_size) + 1);
  return how;
}

CropResize letterbox(Size size, int64_t image_size) {
  CropResize how;
  how.scaled = longest_side_size(size, image_size);
  how.scaled = {std::max<int64_t>(1, how.scaled.height), std::max<int64_t>(1, how.scaled.width)};
  how.side = image_size;
  return how;
}

}  // namespace hqsam
