// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/core.hpp>

#include "hqsam/core/random.h"

namespace hqsam::synth {

// Value noise in several octaves, CV_32F of about 0..1. cell: width and height of the largest blobs, in pixels.
cv::Mat noise(cv::Size size, cv::Size2f cell, int octaves, RandomStream& stream);
// The same without blobs: independent normal numbers of this deviation, CV_32FC3.
cv::Mat grain(cv::Size size, float deviation, RandomStream& stream);

}  // namespace hqsam::synth
