// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/core/random.h"
#include "hqsam/mask/mask.h"

namespace hqsam::testing_support {

// Each pixel inside with the given probability.
inline Mask random_mask(int64_t height, int64_t width, double inside, uint64_t seed) {
  Mask mask(height, width);
  RandomStream stream{seed};
  for (auto& pixel : mask.pixels) pixel = stream.uniform() < inside;
  return mask;
}

}  // namespace hqsam::testing_support
