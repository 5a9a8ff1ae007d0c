// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/core.hpp>

#include "hqsam/synth/drawing.h"

namespace hqsam::synth {

// A textured ground, CV_32FC3, RGB 0..255: sky, grass, foliage, stone, brick, planks, water, cloth, lights out
// of focus, or a plain wall with a floor. Things that are seen outdoors have the sky behind them more often.
cv::Mat ground(cv::Size size, bool outdoors, Dice& dice);

// Things in the ground that are no part of the mask: lines and blobs, some in the given colours, out of
// focus.
void add_distractors(cv::Mat& picture, const std::vector<Rgb>& colors, Dice& dice);

}  // namespace hqsam::synth
