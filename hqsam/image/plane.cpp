// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/plane.h"

#include <algorithm>

namespace hqsam {
namespace {

// Where a target pixel takes its value from: (1 - t) * source[low] + t * source[high].
struct Tap {
  int64_t low, high;
  float t;
};

std::vector<Tap> taps(int64_t from, int64_t to) {
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  std::vector<Tap> result(to);
  for (int64_t i = 0; i < to; ++i) {
    const float source = std::max(0.0f, scale * (static_cast<float>(i) + 0.5f) - 0.5f);
    const int64_t low = std::min(static_cast<int64_t>(source), from - 1);
    result[i] = {low, std::min(low + 1, from - 1), std::clamp(source - static_cast<float>(low), 0.0f, 1.0f)};
  }
  return result;
}

}  // namespace

std::vector<float> resize_plane(const float* plane, Size from, Size to) {
  const std::vector<Tap> rows = taps(from.height, to.height), columns = taps(from.width, to.width);
  std::vector<float> result(to.height * to.width);
  float* out = result.data();
  for (const Tap& row : rows) {
    const float* top = plane + row.low * from.width;
    const float* bottom = plane + row.high * from.width;
    for (const Tap& column : columns) {
      const float upper = (1 - column.t) * top[column.low] + column.t * top[column.high];
      const float lower = (1 - column.t) * bottom[column.low] + column.t * bottom[column.high];
      *out++ = (1 - row.t) * upper + row.t * lower;
    }
  }
  return result;
}

}  // namespace hqsam
