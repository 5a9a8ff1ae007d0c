// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <type_traits>

#include "hqsam/core/error.h"
#include "hqsam/image/clones.h"
#include "hqsam/image/resize.h"

namespace hqsam {
namespace {

// Where an output row or column comes from: the two source indices and their weights.
struct Tap {
  int32_t first = 0, second = 0;
  float first_weight = 1, second_weight = 0;
};

// Taps of outputs [begin, begin + count) of an axis scaled from `in` to `out` pixels. All here is torch 2.11's float
// arithmetic as compiled for machines with fused multiply-add, to the bit.
std::vector<Tap> taps(int64_t in, int64_t out, int64_t begin, int64_t count, bool flip) {
  std::vector<Tap> all(static_cast<size_t>(count));
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t index = begin + i;
    Tap& tap = all[static_cast<size_t>(i)];
    if (in == out) {
      tap.first = tap.second = static_cast<int32_t>(index);
    } else {
      const float source = std::max(std::fma(scale, static_cast<float>(index) + 0.5F, -0.5F), 0.0F);
      tap.first = static_cast<int32_t>(std::min<int64_t>(static_cast<int64_t>(source), in - 1));
      tap.second = static_cast<int32_t>(std::min<int64_t>(tap.first + 1, in - 1));
      tap.second_weight = std::clamp(source - static_cast<float>(tap.first), 0.0F, 1.0F);
      tap.first_weight = 1.0F - tap.second_weight;
    }
    if (flip) {
      tap.first = static_cast<int32_t>(in - 1 - tap.first);
      tap.second = static_cast<int32_t>(in - 1 - tap.second);
    }
  }
  return all;
}

HQSAM_CLONES void bytes_to_floats(const uint8_t* __restrict from, int64_t count, float* __restrict to) {
  for (int64_t i = 0; i < count; ++i) to[i] = from[i];
}

// Pictures: torch takes three channels by the products of a row's and a column's weights. A pixel's channels go `step`
// values apart, pixels `stride` apart.
HQSAM_CLONES void blend_rgb(const float* __restrict upper, const float* __restrict lower, const Tap& row,
                            const std::vector<Tap>& columns, int64_t step, int64_t stride, uint8_t* __restrict out) {
  for (const Tap& tap : columns) {
    const float weights[] = {row.first_weight * tap.first_weight, row.first_weight * tap.second_weight,
                             row.second_weight * tap.first_weight, row.second_weight * tap.second_weight};
    const int64_t first = int64_t{3} * tap.first, second = int64_t{3} * tap.second;
    for (int64_t c = 0; c < 3; ++c) {
      float value = std::fma(upper[first + c], weights[0], upper[second + c] * weights[1]);
      value = std::fma(lower[first + c], weights[2], value);
      value = std::fma(lower[second + c], weights[3], value);
      out[c * step] = static_cast<uint8_t>(static_cast<int32_t>(value));  // weights add up to 1: below 256
    }
    out += stride;
  }
}

// One channel: along the columns first, then along the rows.
HQSAM_CLONES void blend_columns_gray(const float* __restrict row, const std::vector<Tap>& columns,
                                     float* __restrict out) {
  for (const Tap& tap : columns) {
    *out++ = std::fma(row[tap.first], tap.first_weight, row[tap.second] * tap.second_weight);
  }
}

HQSAM_CLONES void blend_rows(const float* __restrict upper, const float* __restrict lower, float upper_weight,
                             float lower_weight, int64_t count, float* __restrict out) {
  for (int64_t i = 0; i < count; ++i) out[i] = std::fma(upper[i], upper_weight, lower[i] * lower_weight);
}

HQSAM_CLONES void blend_rows(const float* __restrict upper, const float* __restrict lower, float upper_weight,
                             float lower_weight, int64_t count, uint8_t* __restrict out) {
  for (int64_t i = 0; i < count; ++i) {
    const float value = std::fma(upper[i], upper_weight, lower[i] * lower_weight);
    out[i] = static_cast<uint8_t>(static_cast<int32_t>(value));
  }
}

// Source rows as floats, those of one channel scaled along x; each is computed once while it is needed.
class SourceRows {
 public:
  SourceRows(const Image& image, std::vector<Tap> columns) : image_(image), columns_(std::move(columns)) {
    for (const Tap& tap : columns_) {
      begin_ = std::min<int64_t>({begin_, tap.first, tap.second});
      end_ = std::max<int64_t>({end_, tap.first + 1, tap.second + 1});
    }
    source_.resize(static_cast<size_t>(image.width * image.channels));
    for (auto& row : rows_) row.resize(image.channels == 3 ? source_.size() : columns_.size());
  }

  const std::vector<Tap>& columns() const { return columns_; }

  // The rows of a tap; valid until the next call.
  std::pair<const float*, const float*> get(const Tap& tap) {
    if (held_[1] == tap.first) {
      std::swap(rows_[0], rows_[1]);
      std::swap(held_[0], held_[1]);
    }
    fill(0, tap.first);
    if (tap.second == tap.first) return {rows_[0].data(), rows_[0].data()};
    fill(1, tap.second);
    return {rows_[0].data(), rows_[1].data()};
  }

 private:
  void fill(int slot, int64_t y) {
    if (held_[slot] == y) return;
    const bool rgb = image_.channels == 3;
    std::vector<float>& source = rgb ? rows_[slot] : source_;
    const int64_t first = begin_ * image_.channels;
    bytes_to_floats(image_.at(y, begin_), (end_ - begin_) * image_.channels, source.data() + first);
    if (!rgb) blend_columns_gray(source.data(), columns_, rows_[slot].data());
    held_[slot] = y;
  }

  const Image& image_;
  std::vector<Tap> columns_;
  int64_t begin_ = image_.width, end_ = 0;  // source columns in use
  std::vector<float> source_, rows_[2];
  int64_t held_[2] = {-1, -1};
};

// Where a window's rows go.
template <class Value>
struct Target {
  Value* values;
  int64_t row_stride;        // values
  int64_t plane_stride = 0;  // values between a pixel's channels; 0: they lie side by side
};

// The window of `how` cut to `window`.
template <class Value>
void scale_window(const Image& image, const CropResize& how, Size window, Target<Value> to) {
  const bool planes = to.plane_stride > 0;
  SourceRows rows(image, taps(image.width, how.scaled.width, how.left, window.width, how.flip));
  for (const Tap& tap : taps(image.height, how.scaled.height, how.top, window.height, false)) {
    const auto [upper, lower] = rows.get(tap);
    bool done = false;
    if constexpr (std::is_same_v<Value, uint8_t>) {  // labels, of floats, have one channel
      done = image.channels == 3;
      if (done) blend_rgb(upper, lower, tap, rows.columns(), planes ? to.plane_stride : 1, planes ? 1 : 3, to.values);
    }
    if (!done) blend_rows(upper, lower, tap.first_weight, tap.second_weight, window.width, to.values);
    to.values += to.row_stride;
  }
}

// What of side x side lies right of and below the window.
template <class Value>
void pad(Size window, int64_t side, Value padding, Value* plane) {
  for (int64_t y = 0; y < window.height; ++y) {
    std::fill(plane + y * side + window.width, plane + (y + 1) * side, padding);
  }
  std::fill(plane + window.height * side, plane + side * side, padding);
}

void check_scaled(const char* function, Size size) {
  constexpr int64_t kMaxSide = int64_t{1} << 24;  // whole numbers up to here are exact in a float
  if (size.height < 1 || size.width < 1 || size.height > kMaxSide || size.width > kMaxSide) {
    fail(function, "expected a target of 1 to {} pixels a side, got {} x {} (height x width)", kMaxSide, size.height,
         size.width);
  }
}

// The part of the window that the scaled picture covers.
Size covered_window(const char* function, const Image& image, const CropResize& how) {
  check_image(function, image);
  check_scaled(function, how.scaled);
  if (how.side < 1 || how.top < 0 || how.left < 0 || how.top >= how.scaled.height || how.left >= how.scaled.width) {
    fail(function, "expected a window of at least one pixel that begins within {} x {}, got side {} at ({}, {})",
         how.scaled.height, how.scaled.width, how.side, how.top, how.left);
  }
  return {std::min(how.side, how.scaled.height - how.top), std::min(how.side, how.scaled.width - how.left)};
}

}  // namespace

Image resize_bilinear(const Image& image, Size size) {
  check_image("resize_bilinear", image);
  check_scaled("resize_bilinear", size);
  Image out(size.height, size.width, image.channels);
  scale_window(image, {.scaled = size}, size, Target<uint8_t>{out.pixels.data(), size.width * image.channels});
  return out;
}

void crop_resize(const Image& image, const CropResize& how, uint8_t padding, uint8_t* planes) {
  const Size window = covered_window("crop_resize", image, how);
  const int64_t plane = how.side * how.side;
  scale_window(image, how, window, Target<uint8_t>{planes, how.side, plane});
  for (int64_t c = 0; c < image.channels; ++c) pad(window, how.side, padding, planes + c * plane);
}

void crop_resize_label(const Image& gray, const CropResize& how, float* plane) {
  if (gray.channels != 1) fail("crop_resize_label", "expected a gray image, got {} channels", gray.channels);
  const Size window = covered_window("crop_resize_label", gray, how);
  scale_window(gray, how, window, Target<float>{plane, how.side});
  pad(window, how.side, 0.0F, plane);
}

std::vector<float> crop_resize_label(const Image& gray, const CropResize& how) {
  covered_window("crop_resize_label", gray, how);
  std::vector<float> plane(static_cast<size_t>(how.side * how.side));
  crop_resize_label(gray, how, plane.data());
  return plane;
}

}  // namespace hqsam
