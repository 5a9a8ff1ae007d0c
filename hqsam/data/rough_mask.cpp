// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/rough_mask.h"

#include <algorithm>
#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/mask/morphology.h"
#include "hqsam/mask/outline.h"

namespace hqsam {
namespace {

constexpr int kTries = 5;  // each with half of the one before

// The object's box and its longer side, in pixels.
struct Extent {
  Box box;
  double side;
};

Extent extent_of(const Mask& mask) {
  const auto box = bounding_box(mask);
  if (!box) fail("rough_mask", "the mask of {}x{} has no inside", mask.width, mask.height);
  return {*box, std::max(box->x1 - box->x0, box->y1 - box->y0) + 1};
}

int64_t whole(double value) { return std::llround(value); }

// A radius of at least a pixel split in the two that make an octagon of a diamond and a square.
struct Octagon {
  explicit Octagon(double radius)
      : diamond(whole(0.586 * radius)), square(std::max<int64_t>(whole(radius), 1) - diamond) {}
  int64_t diamond, square;
};

Mask dilated(const Mask& mask, double radius) {
  const Octagon by(radius);
  return dilate_square(dilate_cross(mask, by.diamond), by.square);
}

Mask eroded(const Mask& mask, double radius) {
  const Octagon by(radius);
  return erode_square(erode_cross(mask, by.diamond), by.square);
}

Mask shifted(const Mask& mask, int64_t dx, int64_t dy) {
  Mask result(mask.height, mask.width);
  for (int64_t y = std::max<int64_t>(0, dy); y < std::min(mask.height, mask.height + dy); ++y) {
    for (int64_t x = std::max<int64_t>(0, dx); x < std::min(mask.width, mask.width + dx); ++x) {
      result.at(y, x) = mask.at(y - dy, x - dx);
    }
  }
  return result;
}

void paint_disc(Mask& mask, const Point& centre, double radius, uint8_t value) {
  const auto first = [&](double at) { return std::max<int64_t>(0, whole(std::ceil(at - radius))); };
  const auto last = [&](double at, int64_t size) { return std::min(size - 1, whole(std::floor(at + radius))); };
  for (int64_t y = first(centre.y); y <= last(centre.y, mask.height); ++y) {
    for (int64_t x = first(centre.x); x <= last(centre.x, mask.width); ++x) {
      const double dx = static_cast<double>(x) - centre.x, dy = static_cast<double>(y) - centre.y;
      if (dx * dx + dy * dy <= radius * radius) mask.at(y, x) = value;
    }
  }
}

Point inside_pixel(const Mask& mask, RandomStream& stream) {
  int64_t left = stream.below(area(mask));
  for (int64_t i = 0;; ++i) {
    if (mask.pixels[i] && left-- == 0) {
      return {static_cast<double>(i % mask.width), static_cast<double>(i / mask.width)};
    }
  }
}

// Discs around pixels inside are cut out.
Mask with_cuts(const Mask& mask, int64_t count, double low, double high, RandomStream& stream) {
  Mask result = mask;
  for (int64_t i = 0; i < count; ++i) {
    const Point centre = inside_pixel(mask, stream);
    double radius = stream.uniform(low, high);
    for (int attempt = 0; attempt < kTries; ++attempt, radius /= 2) {
      Mask cut = result;
      paint_disc(cut, centre, radius, 0);
      if (area(cut) == 0) continue;
      result = std::move(cut);
      break;
    }
  }
  return result;
}

Mask with_blobs(const Mask& mask, const Extent& extent, int64_t count, RandomStream& stream) {
  Mask result = mask;
  const double margin = extent.side / 4;
  for (int64_t i = 0; i < count; ++i) {
    const double radius = stream.uniform(0.05, 0.15) * extent.side;
    Point centre;
    for (int draw = 0; draw < 20; ++draw) {  // outside of the object and within the picture, where that is found
      centre = {stream.uniform(extent.box.x0 - margin, extent.box.x1 + margin),
                stream.uniform(extent.box.y0 - margin, extent.box.y1 + margin)};
      const int64_t x = whole(centre.x), y = whole(centre.y);
      if (x >= 0 && y >= 0 && x < mask.width && y < mask.height && !mask.at(y, x)) break;
    }
    paint_disc(result, centre, radius, 1);
  }
  return result;
}

// Means over windows of 2 radius + 1 values of each row, then the same of the columns; beyond the border is outside.
void smear(std::vector<float>& values, Size size, int64_t radius) {
  const auto along = [&](int64_t lines, int64_t length, int64_t line_step, int64_t step) {
    std::vector<float> sums(length + 1);
    for (int64_t line = 0; line < lines; ++line) {
      float* at = values.data() + line * line_step;
      for (int64_t i = 0; i < length; ++i) sums[i + 1] = sums[i] + at[i * step];
      for (int64_t i = 0; i < length; ++i) {
        const float sum = sums[std::min(length, i + radius + 1)] - sums[std::max<int64_t>(0, i - radius)];
        at[i * step] = sum / static_cast<float>(2 * radius + 1);
      }
    }
  };
  along(size.height, size.width, size.width, 1);
  along(size.width, size.height, 1, size.width);
}

// Three means are nearly a Gaussian. A thin object never reaches the middle: it is cut at half of its height.
Mask blurred(const Mask& mask, double radius) {
  std::vector<float> values(mask.pixels.begin(), mask.pixels.end());
  for (int i = 0; i < 3; ++i) smear(values, mask.size(), std::max<int64_t>(1, whole(radius / 2)));
  const float highest = *std::max_element(values.begin(), values.end());
  const float cut = highest > 0.5f ? 0.5f : highest / 2;
  Mask result(mask.height, mask.width);
  for (size_t i = 0; i < values.size(); ++i) result.pixels[i] = values[i] > cut ? 1 : 0;
  return result;
}

Mask of_few_corners(const Mask& mask, double departure) {
  return rle_decode(rle_of_polygons(polygons_of_mask(mask, departure), mask.size()));
}

// make(share) of less and less until something is left; `otherwise` if nothing ever is.
template <class Make>
Mask first_with_inside(double share, const Mask& otherwise, const Make& make) {
  for (int attempt = 0; attempt < kTries; ++attempt, share /= 2) {
    Mask result = make(share);
    if (area(result) > 0) return result;
  }
  return otherwise;
}

}  // namespace

Mask rough_mask(const Mask& fine, RoughKind kind, RandomStream& stream) {
  const Extent extent = extent_of(fine);
  const double side = extent.side;
  switch (kind) {
    case RoughKind::kDilated:
      return dilated(fine, stream.uniform(0.02, 0.08) * side);
    case RoughKind::kEroded: {
      const Mask none(fine.height, fine.width);
      Mask less =
          first_with_inside(stream.uniform(0.02, 0.08), none, [&](double share) { return eroded(fine, share * side); });
      return area(less) > 0 ? less : rough_mask(fine, RoughKind::kMissing, stream);
    }
    case RoughKind::kShifted: {
      const auto step = [&] { return stream.uniform(0.02, 0.1) * (stream.below(2) == 0 ? -1 : 1); };
      const double across = step(), down = step();
      return first_with_inside(1, fine, [&](double share) {
        const auto pixels = [&](double by) {  // at least one
          return std::max<int64_t>(1, whole(std::abs(by) * share * side)) * (by < 0 ? -1 : 1);
        };
        return shifted(fine, pixels(across), pixels(down));
      });
    }
    case RoughKind::kPolygon:
      return first_with_inside(stream.uniform(0.03, 0.1), fine,
                               [&](double share) { return of_few_corners(fine, share * side); });
    case RoughKind::kMissing:
      return with_cuts(fine, 1 + stream.below(3), 0.1 * side, 0.3 * side, stream);
    case RoughKind::kExtra:
      return with_blobs(fine, extent, 1 + stream.below(3), stream);
    case RoughKind::kHoles:
      return with_cuts(fine, 2 + stream.below(5), 0.02 * side, 0.06 * side, stream);
    case RoughKind::kBlurred:
      return blurred(fine, stream.uniform(0.03, 0.1) * side);
  }
  fail("rough_mask", "no such kind: {}", static_cast<int>(kind));
}

}  // namespace hqsam
