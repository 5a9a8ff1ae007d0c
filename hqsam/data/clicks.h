// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "hqsam/mask/mask.h"

namespace hqsam {

// A click on a pixel of the picture: inside the object, or outside of it.
struct Click {
  int64_t x = 0, y = 0;  // pixel indices
  bool positive = true;
};

// The next click of a simulated user (Sofiiuk et al., f-BRS, CVPR 2020; RITM, ICIP 2022): the pixel of the errors
// that is farthest from where they end, so in the middle of the largest one; positive where the truth has it and
// the prediction lacks it, negative where those are at least as far from their edge the other way round. Pixels
// clicked before are left out; of equally far ones the first in reading order is taken. Without a prediction (an
// empty mask) it is the middle of the object. Nothing where no error is left to click on. Throws Error unless the
// sizes are equal.
std::optional<Click> next_click(const Mask& prediction, const Mask& truth, const std::vector<Click>& before);

}  // namespace hqsam
