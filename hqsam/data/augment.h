// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/core/random.h"
#include "hqsam/image/resize.h"

namespace hqsam {

// Horizontal flip and large-scale jitter (Ghiasi et al., Simple Copy-Paste, CVPR 2021) as HQ-SAM trains.
struct AugmentOptions {
  double flip_probability = 0.5;
  double scale_min = 0.1;  // of image_size, longer side
  double scale_max = 2.0;
  void validate() const;
  // Whether a picture is the same in every epoch: no flips, one scale at which all of it is seen.
  bool fixed() const { return flip_probability == 0 && scale_min == 1 && scale_max == 1; }
};

inline constexpr uint8_t kJitterPadding = 128;  // of pictures; labels are padded with 0

// uniform in [0,1), row and column offsets chosen by `below(margin + 1)`; the reference's arithmetic (float32).
CropResize large_scale_jitter(Size size, int64_t image_size, const AugmentOptions& options, float uniform,
                              RandomStream& stream);
// The scaled size alone, for tests against the reference. Each side is at least 1.
Size jittered_size(Size size, int64_t image_size, const AugmentOptions& options, float uniform);
// The whole picture, longer side = image_size, at the top left: jitter with scale 1.
CropResize letterbox(Size size, int64_t image_size);

}  // namespace hqsam
