// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/morphology.h"

#include <algorithm>
#include <array>

namespace hqsam {
namespace {

// For each pixel, whether any pixel (all: every pixel) of its neighbourhood is 1. Neighbours beyond the border do not
// count.
Mask cross(const Mask& mask, bool all) {
  Mask out(mask.height, mask.width);
  for (int64_t y = 0; y < mask.height; ++y) {
    for (int64_t x = 0; x < mask.width; ++x) {
      const uint8_t own = mask.at(y, x);
      const uint8_t up = y > 0 ? mask.at(y - 1, x) : own, down = y + 1 < mask.height ? mask.at(y + 1, x) : own;
      const uint8_t left = x > 0 ? mask.at(y, x - 1) : own, right = x + 1 < mask.width ? mask.at(y, x + 1) : own;
      out.at(y, x) = all ? own & up & down & left & right : own | up | down | left | right;
    }
  }
  return out;
}

// 1 where a pixel equal to `value` lies within radius along one axis: a line of count pixels, stride apart.
void spread_line(const uint8_t* in, uint8_t* out, int64_t count, int64_t stride, int64_t radius, uint8_t value) {
  int64_t last = -radius - 1;  // where `value` was seen last
  for (int64_t i = 0, ahead = 0; i < count; ++i) {
    for (; ahead <= std::min(i + radius, count - 1); ++ahead) {
      if (in[ahead * stride] == value) last = ahead;
    }
    out[i * stride] = last >= i - radius;
  }
}

// 1 where a pixel equal to `value` lies within the square.
Mask spread(const Mask& mask, int64_t radius, uint8_t value) {
  Mask rows(mask.height, mask.width), out(mask.height, mask.width);
  for (int64_t y = 0; y < mask.height; ++y) {
    const int64_t at = y * mask.width;
    spread_line(mask.pixels.data() + at, rows.pixels.data() + at, mask.width, 1, radius, value);
  }
  for (int64_t x = 0; x < mask.width; ++x) {
    spread_line(rows.pixels.data() + x, out.pixels.data() + x, mask.height, mask.width, radius, 1);
  }
  return out;
}

// The eight neighbours of a pixel as bits, clockwise from the one above; 0 beyond the border.
size_t ring(const Mask& mask, int64_t y, int64_t x) {
  constexpr int64_t kRows[] = {-1, -1, 0, 1, 1, 1, 0, -1}, kColumns[] = {0, 1, 1, 1, 0, -1, -1, -1};
  size_t bits = 0;
  for (size_t i = 0; i < 8; ++i) {
    const int64_t v = y + kRows[i], u = x + kColumns[i];
    const bool inside = v >= 0 && u >= 0 && v < mask.height && u < mask.width && mask.at(v, u) != 0;
    bits |= static_cast<size_t>(inside) << i;
  }
  return bits;
}

// Neighbourhoods (bit i: the i-th of the ring) that scikit-image's table peels differently from the paper's rule: it
// also removes the corner of a stair, and removes the end of a line two pixels wide in one of the passes or in none.
struct Departure {
  uint8_t ring, passes;  // bit 0: the first pass, bit 1: the second
};
constexpr Departure kDepartures[] = {{0x03, 1}, {0x05, 3}, {0x06, 1}, {0x07, 1}, {0x0c, 2}, {0x0d, 2}, {0x14, 3},
                                     {0x18, 0}, {0x1c, 2}, {0x30, 2}, {0x34, 2}, {0x36, 2}, {0x41, 3}, {0x43, 1},
                                     {0x50, 3}, {0x58, 2}, {0x60, 2}, {0x61, 1}, {0x63, 1}, {0x70, 2}, {0x81, 1},
                                     {0x85, 1}, {0xc0, 0}, {0xc1, 1}, {0xd0, 1}};

std::array<uint8_t, 256> peeling_table() {
  std::array<uint8_t, 256> table;
  for (size_t ring = 0; ring < table.size(); ++ring) {
    const auto at = [&](size_t i) { return (ring >> i & 1) != 0; };
    int sum = 0, turns = 0;
    for (size_t i = 0; i < 8; ++i) sum += at(i), turns += !at(i) && at((i + 1) % 8);
    const bool border = sum >= 2 && sum <= 6 && turns == 1;
    const bool up = at(0), right = at(2), down = at(4), left = at(6);
    const bool first = !(up && right && down) && !(right && down && left);
    const bool second = !(up && right && left) && !(up && down && left);
    table[ring] = static_cast<uint8_t>(border ? first + 2 * second : 0);
  }
  for (const Departure& departure : kDepartures) table[departure.ring] = departure.passes;
  return table;
}

// Follows borders as Suzuki and Abe do, on a copy with a margin of one pixel, and marks them there.
class BorderFollower {
 public:
  explicit BorderFollower(const Mask& mask)
      : width_(mask.width + 2), height_(mask.height + 2), marks_(static_cast<size_t>(width_ * height_), 0) {
    for (int64_t y = 0; y < mask.height; ++y) {
      for (int64_t x = 0; x < mask.width; ++x) marks_[(y + 1) * width_ + x + 1] = static_cast<int8_t>(mask.at(y, x));
    }
  }

  std::vector<std::vector<Pixel>> run() {
    for (int64_t at = width_; at < width_ * (height_ - 1); ++at) {
      if (marks_[at] == 0) continue;
      // 1: not on a border yet; 2: on one; -2: on one whose right neighbour is outside.
      if (marks_[at] == 1 && marks_[at - 1] == 0) {
        follow(at, 4);
      } else if (marks_[at] != -2 && marks_[at + 1] == 0) {
        follow(at, 0);
      }
    }
    return std::move(borders_);
  }

 private:
  // Steps to the neighbours, counterclockwise on the screen from the right one.
  int64_t step(int direction) const {
    const int64_t steps[] = {1, 1 - width_, -width_, -width_ - 1, -1, width_ - 1, width_, width_ + 1};
    return steps[direction & 7];
  }

  // outside: the direction of the neighbour outside that began the border.
  void follow(int64_t start, int outside) {
    std::vector<Pixel> border;
    const auto add = [&](int64_t at) { border.push_back({at % width_ - 1, at / width_ - 1}); };
    int direction = outside;
    do {  // clockwise to the first neighbour inside
      direction = (direction - 1) & 7;
    } while (marks_[start + step(direction)] == 0 && direction != outside);
    if (marks_[start + step(direction)] == 0) {
      marks_[start] = -2;
      add(start);
      borders_.push_back(std::move(border));
      return;
    }
    const int64_t last = start + step(direction);
    int64_t here = start;
    for (;;) {
      bool right_outside = false;
      int64_t next;
      do {  // counterclockwise from where the border came
        ++direction;
        next = here + step(direction);
        right_outside |= marks_[next] == 0 && (direction & 7) == 0;
      } while (marks_[next] == 0);
      direction &= 7;
      if (right_outside) {
        marks_[here] = -2;
      } else if (marks_[here] == 1) {
        marks_[here] = 2;
      }
      add(here);
      if (next == start && here == last) break;
      here = next;
      direction = (direction + 4) & 7;
    }
    borders_.push_back(std::move(border));
  }

  int64_t width_, height_;
  std::vector<int8_t> marks_;
  std::vector<std::vector<Pixel>> borders_;
};

}  // namespace

Mask erode_cross(const Mask& mask, int64_t times) {
  Mask out = mask;
  for (int64_t i = 0; i < times; ++i) out = cross(out, /*all=*/true);
  return out;
}

Mask dilate_cross(const Mask& mask, int64_t times) {
  Mask out = mask;
  for (int64_t i = 0; i < times; ++i) out = cross(out, /*all=*/false);
  return out;
}

Mask dilate_square(const Mask& mask, int64_t radius) { return spread(mask, radius, 1); }

Mask erode_square(const Mask& mask, int64_t radius) {
  Mask out = spread(mask, radius, 0);
  for (uint8_t& pixel : out.pixels) pixel ^= 1;
  return out;
}

Mask skeleton(const Mask& mask) {
  static const std::array<uint8_t, 256> table = peeling_table();
  Mask thin = mask;
  // Only pixels with a neighbour outside can be peeled; `border` holds each such pixel once.
  std::vector<size_t> border;
  Mask waits(mask.height, mask.width);
  const auto add_neighbours = [&](int64_t y, int64_t x) {
    for (int64_t v = std::max<int64_t>(y - 1, 0); v <= std::min(y + 1, thin.height - 1); ++v) {
      for (int64_t u = std::max<int64_t>(x - 1, 0); u <= std::min(x + 1, thin.width - 1); ++u) {
        if (thin.at(v, u) == 0 || waits.at(v, u) != 0) continue;
        waits.at(v, u) = 1;
        border.push_back(v * thin.width + u);
      }
    }
  };
  for (int64_t y = -1; y <= mask.height; ++y) {
    for (int64_t x = -1; x <= mask.width; ++x) {
      const bool within = y >= 0 && x >= 0 && y < mask.height && x < mask.width;
      if (!within || mask.at(y, x) == 0) add_neighbours(y, x);
    }
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (const uint8_t pass : {1, 2}) {
      std::vector<size_t> peeled;
      for (const size_t at : border) {
        const auto y = static_cast<int64_t>(at) / thin.width, x = static_cast<int64_t>(at) % thin.width;
        if ((table[ring(thin, y, x)] & pass) != 0) peeled.push_back(at);
      }
      for (const size_t at : peeled) thin.pixels[at] = 0;
      std::erase_if(border, [&](size_t at) { return thin.pixels[at] == 0; });
      for (const size_t at : peeled) {
        add_neighbours(static_cast<int64_t>(at) / thin.width, static_cast<int64_t>(at) % thin.width);
      }
      changed |= !peeled.empty();
    }
  }
  return thin;
}

Components components(const Mask& mask) {
  Components found{std::vector<int32_t>(mask.pixels.size(), 0), 0};
  std::vector<int64_t> open;
  for (size_t start = 0; start < mask.pixels.size(); ++start) {
    if (mask.pixels[start] == 0 || found.label[start] != 0) continue;
    const auto number = static_cast<int32_t>(++found.count);
    found.label[start] = number;
    open.push_back(static_cast<int64_t>(start));
    while (!open.empty()) {
      const int64_t at = open.back(), y = at / mask.width, x = at % mask.width;
      open.pop_back();
      for (int64_t v = std::max<int64_t>(y - 1, 0); v <= std::min(y + 1, mask.height - 1); ++v) {
        for (int64_t u = std::max<int64_t>(x - 1, 0); u <= std::min(x + 1, mask.width - 1); ++u) {
          const int64_t next = v * mask.width + u;
          if (mask.pixels[next] == 0 || found.label[next] != 0) continue;
          found.label[next] = number;
          open.push_back(next);
        }
      }
    }
  }
  return found;
}

std::vector<std::vector<Pixel>> contours(const Mask& mask) { return BorderFollower(mask).run(); }

}  // namespace hqsam
