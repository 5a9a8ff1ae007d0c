// SPDX-License-Identifier: Apache-2.0
#include "hqsam/synth/noise.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace hqsam::synth {

cv::Mat noise(cv::Size size, cv::Size2f cell, int octaves, RandomStream& stream) {
  cv::Mat sum = cv::Mat::zeros(size, CV_32F);
  float amplitude = 1, total = 0;
  for (int octave = 0; octave < octaves; ++octave) {
    // Two cells more than needed, so that the cut-out below hides where the grid ends.
    const float divisor = static_cast<float>(1 << octave);
    const float cell_width = std::max(1.0f, cell.width / divisor), cell_height = std::max(1.0f, cell.height / divisor);
    const int columns = static_cast<int>(std::ceil(static_cast<float>(size.width) / cell_width)) + 2;
    const int rows = static_cast<int>(std::ceil(static_cast<float>(size.height) / cell_height)) + 2;
    cv::Mat grid(rows, columns, CV_32F), scaled;
    for (int y = 0; y < rows; ++y) {
      for (int x = 0; x < columns; ++x) grid.at<float>(y, x) = static_cast<float>(stream.uniform());
    }
    const cv::Size grown(std::max(size.width, static_cast<int>(static_cast<float>(columns) * cell_width)),
                         std::max(size.height, static_cast<int>(static_cast<float>(rows) * cell_height)));
    cv::resize(grid, scaled, grown, 0, 0, cv::INTER_CUBIC);
    sum += amplitude *
           scaled(cv::Rect((grown.width - size.width) / 2, (grown.height - size.height) / 2, size.width, size.height));
    total += amplitude;
    amplitude *= 0.5f;
  }
  return sum / total;
}

cv::Mat grain(cv::Size size, float deviation, RandomStream& stream) {
  cv::Mat result(size, CV_32FC3);
  // The sum of four bytes of one draw approximates a normal variable at a fraction of the cost.
  const float scale = deviation / 147.8f;
  for (int y = 0; y < size.height; ++y) {
    float* row = result.ptr<float>(y);
    for (int i = 0; i < 3 * size.width; ++i) {
      const uint64_t bits = stream.next();
      const int sum = static_cast<int>((bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) + (bits >> 24 & 255));
      row[i] = scale * static_cast<float>(sum - 510);
    }
  }
  return result;
}

}  // namespace hqsam::synth
