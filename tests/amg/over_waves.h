// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include "hqsam/amg/generator.h"
#include "predict/tiny_model.h"

namespace hqsam::testing_support {

// Thresholds that a model of random weights passes.
inline AmgOptions loose_options(int64_t points_per_side) {
  AmgOptions options;
  options.points_per_side = points_per_side;
  options.min_predicted_iou = 0;
  options.min_stability = 0.2;
  options.stability_offset = 0.02;
  return options;
}

// Such a model on a picture.
class OverWaves : public ::testing::Test {
 protected:
  std::vector<FoundMask> found(const AmgOptions& options) const {
    return AutomaticMaskGenerator(model, options).generate(picture);
  }
  SamHq model = tiny_model();
  Image picture = waves(50, 80);
};

}  // namespace hqsam::testing_support
