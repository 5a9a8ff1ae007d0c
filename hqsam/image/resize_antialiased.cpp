// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/image/clones.h"
#include "hqsam/image/resize.h"

namespace hqsam {
namespace {

// Pillow's 8-bit resampling works in integers: weights times 2^22, rounded, so that a sum of weighted
// pixels fits in 32 bits (libImaging's Resample.c: PRECISION_BITS = 32 - 8 - 2).
constexpr int kPrecisionBits = 22;

// The source pixels of one target pixel, and where their weights begin.
struct Span {
  int64_t begin = 0, count = 0;
  size_t weights = 0;
};

struct Filter {
  std::vector<Span> spans;
  std::vector<int32_t> weights;
};

// Triangle as wide as a target pixel, but never narrower than two source pixels.
Filter triangle_filter(int64_t in, int64_t out) {
  Filter filter;
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double support = std::max(scale, 1.0);
  std::vector<double> weights;
  for (int64_t i = 0; i < out; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * scale;
    const int64_t begin = std::max<int64_t>(static_cast<int64_t>(center - support + 0.5), 0);
    const int64_t end = std::min<int64_t>(static_cast<int64_t>(center + support + 0.5), in);
    weights.clear();
    double sum = 0;
    for (int64_t x = begin; x < end; ++x) {
      const double distance = std::abs((static_cast<double>(x) - center + 0.5) * (1.0 / support));
      weights.push_back(std::max(1.0 - distance, 0.0));
      sum += weights.back();
    }
    filter.spans.push_back({begin, end - begin, filter.weights.size()});
    for (const double weight : weights) {
      const double share = sum != 0 ? weight / sum : weight;
      filter.weights.push_back(static_cast<int32_t>(0.5 + share * (1 << kPrecisionBits)));
    }
  }
  return filter;
}

inline uint8_t rounded(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255)); }

constexpr int32_t kHalf = 1 << (kPrecisionBits - 1);

HQSAM_CLONES void filter_row_rgb(const uint8_t* __restrict row, const Filter& filter, uint8_t* __restrict out) {
  for (const Span& span : filter.spans) {
    int32_t red = kHalf, green = kHalf, blue = kHalf;
    const uint8_t* pixel = row + 3 * span.begin;
    const int32_t* weight = filter.weights.data() + span.weights;
    for (int64_t i = 0; i < span.count; ++i, pixel += 3) {
      red += pixel[0] * weight[i];
      green += pixel[1] * weight[i];
      blue += pixel[2] * weight[i];
    }
    *out++ = rounded(red);
    *out++ = rounded(green);
    *out++ = rounded(blue);
  }
}

HQSAM_CLONES void filter_row_gray(const uint8_t* __restrict row, const Filter& filter, uint8_t* __restrict out) {
  for (const Span& span : filter.spans) {
    int32_t sum = kHalf;
    const int32_t* weight = filter.weights.data() + span.weights;
    for (int64_t i = 0; i < span.count; ++i) sum += row[span.begin + i] * weight[i];
    *out++ = rounded(sum);
  }
}

HQSAM_CLONES void add_row(const uint8_t* __restrict row, int32_t weight, int64_t count, int32_t* __restrict sums) {
  for (int64_t i = 0; i < count; ++i) sums[i] += row[i] * weight;
}

HQSAM_CLONES void round_row(const int32_t* __restrict sums, int64_t count, uint8_t* __restrict out) {
  for (int64_t i = 0; i < count; ++i) out[i] = rounded(sums[i]);
}

Image filter_columns(const Image& image, int64_t width) {
  const Filter filter = triangle_filter(image.width, width);
  Image out(image.height, width, image.channels);
  for (int64_t y = 0; y < image.height; ++y) {
    if (image.channels == 3) {
      filter_row_rgb(image.at(y, 0), filter, out.at(y, 0));
    } else {
      filter_row_gray(image.at(y, 0), filter, out.at(y, 0));
    }
  }
  return out;
}

Image filter_rows(const Image& image, int64_t height) {
  const Filter filter = triangle_filter(image.height, height);
  Image out(height, image.width, image.channels);
  const int64_t count = image.width * image.channels;
  std::vector<int32_t> sums(static_cast<size_t>(count));
  for (int64_t y = 0; y < height; ++y) {
    const Span& span = filter.spans[static_cast<size_t>(y)];
    std::fill(sums.begin(), sums.end(), kHalf);
    for (int64_t i = 0; i < span.count; ++i) {
      add_row(image.at(span.begin + i, 0), filter.weights[span.weights + static_cast<size_t>(i)], count, sums.data());
    }
    round_row(sums.data(), count, out.at(y, 0));
  }
  return out;
}

}  // namespace

Image resize_antialiased(const Image& image, Size size) {
  check_image("resize_antialiased", image);
  if (size.height < 1 || size.width < 1) {
    fail("resize_antialiased", "expected a target of at least one pixel, got {} x {} (height x width)", size.height,
         size.width);
  }
  const Image across = size.width == image.width ? image : filter_columns(image, size.width);
  return size.height == across.height ? across : filter_rows(across, size.height);
}

Size longest_side_size(Size size, int64_t side) {
  if (size.height < 1 || size.width < 1 || side < 1) {
    fail("longest_side_size", "expected sizes of at least one pixel, got {} x {} to side {}", size.height, size.width,
         side);
  }
  const double scale = static_cast<double>(side) / static_cast<double>(std::max(size.height, size.width));
  const auto scaled = [scale](int64_t length) {
    return std::max<int64_t>(static_cast<int64_t>(static_cast<double>(length) * scale + 0.5), 1);
  };
  return {scaled(size.height), scaled(size.width)};
}

}  // namespace hqsam
