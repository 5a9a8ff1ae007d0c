// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/distance.h"

#include <algorithm>

namespace hqsam {
namespace {

// Distance along the column to the nearest pixel outside, for a row of the picture at a time.
std::vector<int64_t> column_distances(const Mask& mask) {
  std::vector<int64_t> distance(mask.pixels.size());
  const int64_t height = mask.height, width = mask.width;
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      const int64_t above = y == 0 ? 0 : distance[(y - 1) * width + x];
      distance[y * width + x] = mask.at(y, x) != 0 ? above + 1 : 0;
    }
  }
  for (int64_t y = height; y-- > 0;) {
    for (int64_t x = 0; x < width; ++x) {
      const int64_t below = y + 1 == height ? 0 : distance[(y + 1) * width + x];
      int64_t& own = distance[y * width + x];
      own = std::min(own, below + 1);
    }
  }
  return distance;
}

// min over columns c of (x - c)^2 + heights[c]^2, in place: the lower envelope of one parabola per column, those at
// -1 and width being the outside beyond the border.
class Envelope {
 public:
  explicit Envelope(int64_t width) : centre_(width + 2), height_(width + 2), from_(width + 2) {}

  void apply(int64_t* row, int64_t width) {
    count_ = 0;
    add(-1, 0);
    for (int64_t x = 0; x < width; ++x) add(x, row[x] * row[x]);
    add(width, 0);
    int64_t best = 0;
    for (int64_t x = 0; x < width; ++x) {
      while (best + 1 < count_ && from_[best + 1] <= x) ++best;
      row[x] = (x - centre_[best]) * (x - centre_[best]) + height_[best];
    }
  }

 private:
  // The first column at which the new parabola is not above that of number i.
  int64_t first_below(int64_t i, int64_t centre, int64_t height) const {
    const int64_t numerator = height + centre * centre - height_[i] - centre_[i] * centre_[i];
    const int64_t denominator = 2 * (centre - centre_[i]);
    const int64_t floor = numerator >= 0 ? numerator / denominator : -((-numerator + denominator - 1) / denominator);
    return floor * denominator == numerator ? floor : floor + 1;
  }

  void add(int64_t centre, int64_t height) {
    while (count_ > 0) {
      const int64_t from = first_below(count_ - 1, centre, height);
      if (count_ > 1 && from <= from_[count_ - 1]) {
        --count_;
        continue;
      }
      push(centre, height, from);
      return;
    }
    push(centre, height, centre);
  }

  void push(int64_t centre, int64_t height, int64_t from) {
    centre_[count_] = centre;
    height_[count_] = height;
    from_[count_++] = from;
  }

  int64_t count_ = 0;
  std::vector<int64_t> centre_, height_, from_;
};

}  // namespace

std::vector<int64_t> squared_distance_to_outside(const Mask& mask) {
  std::vector<int64_t> distance = column_distances(mask);
  Envelope envelope(mask.width);
  for (int64_t y = 0; y < mask.height; ++y) envelope.apply(distance.data() + y * mask.width, mask.width);
  return distance;
}

}  // namespace hqsam
