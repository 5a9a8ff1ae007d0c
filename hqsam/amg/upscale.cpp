// SPDX-License-Identifier: Apache-2.0
#include "hqsam/amg/upscale.h"

#include <algorithm>
#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/image/clones.h"

namespace hqsam {
namespace {

constexpr int64_t kMargin = 2;  // what a pixel's two interpolations may reach beyond logits that are above

HQSAM_CLONES void mix_rows(const float* a, const float* b, float weight, int64_t count, float* out) {
  const float rest = 1 - weight;
  for (int64_t i = 0; i < count; ++i) out[i] = rest * a[i] + weight * b[i];
}

struct Counts {
  int64_t high = 0, low = 0;
};

// inside: 1 where the logit is above 0.
HQSAM_CLONES Counts cut_row(const float* logits, int64_t count, float offset, uint8_t* inside) {
  int32_t high = 0, low = 0;
  for (int64_t i = 0; i < count; ++i) {
    inside[i] = logits[i] > 0;
    high += logits[i] > offset;
    low += logits[i] > -offset;
  }
  return {high, low};
}

}  // namespace

LowResWindow window_of(const float* logits, int64_t side, double threshold) {
  const auto cut = static_cast<float>(threshold);
  int64_t top = side, bottom = -1, left = side, right = -1;
  for (int64_t y = 0; y < side; ++y) {
    const float* row = logits + y * side;
    const float* begin = std::find_if(row, row + side, [&](float value) { return value > cut; });
    if (begin == row + side) continue;
    const float* last = row + side - 1;
    while (!(*last > cut)) --last;
    top = std::min(top, y), bottom = y;
    left = std::min<int64_t>(left, begin - row), right = std::max<int64_t>(right, last - row);
  }
  LowResWindow window;
  if (bottom < 0) return window;
  window.top = std::max<int64_t>(top - kMargin, 0), window.left = std::max<int64_t>(left - kMargin, 0);
  window.height = std::min(bottom + kMargin + 1, side) - window.top;
  window.width = std::min(right + kMargin + 1, side) - window.left;
  window.logits.reserve(static_cast<size_t>(window.height * window.width));
  for (int64_t y = window.top; y < window.top + window.height; ++y) {
    const float* row = logits + y * side + window.left;
    window.logits.insert(window.logits.end(), row, row + window.width);
  }
  return window;
}

float StabilityCounts::stability() const {
  return above_low == 0 ? 0 : static_cast<float>(above_high) / static_cast<float>(above_low);
}

// The values of rows behind each of the two interpolations; of each stage the last two are kept.
class MaskUpscaler::Rows {
 public:
  Rows(const MaskUpscaler& of, const LowResWindow& low_res, const Ranges& y, const Ranges& x)
      : of_(of), low_res_(low_res), x_(x), first_row_(y.low.begin) {
    for (Kept& kept : low_) kept.values.resize(static_cast<size_t>(x.square.size()));
    for (Kept& kept : square_) kept.values.resize(static_cast<size_t>(x.image.size()));
    mixed_.resize(static_cast<size_t>(x.square.size()));
  }

  // Row y of the crop, columns x.image.
  void image_row(int64_t y, float* out) {
    const auto at = static_cast<size_t>(y);
    const float* a = square_row(of_.image_y_.first[at]);
    const float* b = square_row(of_.image_y_.second[at]);
    mix_rows(a, b, of_.image_y_.weight[at], x_.image.size(), out);
  }

 private:
  struct Kept {
    int64_t row = -1;
    std::vector<float> values;
  };

  // Row y of the square, interpolated to the crop's columns.
  const float* square_row(int64_t y) {
    Kept& kept = square_[static_cast<size_t>(y) % 2];
    if (kept.row == y) return kept.values.data();
    const auto at = static_cast<size_t>(y);
    const float* a = low_row(of_.square_y_.first[at]);
    const float* b = low_row(of_.square_y_.second[at]);
    mix_rows(a, b, of_.square_y_.weight[at], x_.square.size(), mixed_.data());
    along_row(of_.image_x_, x_.image, mixed_.data() - x_.square.begin, kept.values.data());
    kept.row = y;
    return kept.values.data();
  }

  // A row of the low-res logits, interpolated to the square's columns.
  const float* low_row(int64_t y) {
    Kept& kept = low_[static_cast<size_t>(y) % 2];
    if (kept.row == y) return kept.values.data();
    const float* row = low_res_.logits.data() + (y - first_row_) * low_res_.width;
    along_row(of_.square_x_, x_.square, row - x_.low.begin, kept.values.data());
    kept.row = y;
    return kept.values.data();
  }

  static void along_row(const Axis& axis, Range to, const float* from, float* out) {
    for (int64_t i = to.begin; i < to.end; ++i) {
      const auto at = static_cast<size_t>(i);
      const float weight = axis.weight[at];
      *out++ = (1 - weight) * from[axis.first[at]] + weight * from[axis.second[at]];
    }
  }

  const MaskUpscaler& of_;
  const LowResWindow& low_res_;
  const Ranges& x_;
  int64_t first_row_;
  Kept low_[2], square_[2];
  std::vector<float> mixed_;
};

MaskUpscaler::MaskUpscaler(const InputFrame& frame, int64_t side, int64_t mask_side, const Crop& crop, Size picture)
    : square_y_(axis(mask_side, side, frame.input_size.height)),
      square_x_(axis(mask_side, side, frame.input_size.width)),
      image_y_(axis(frame.input_size.height, frame.image_size.height, frame.image_size.height)),
      image_x_(axis(frame.input_size.width, frame.image_size.width, frame.image_size.width)),
      crop_(crop),
      picture_(picture) {
  if (frame.protocol != Protocol::kKeepAspect || frame.image_size != crop.size()) {
    fail("MaskUpscaler", "expected a frame that keeps the aspect of {} x {} pixels, got one of {} x {}",
         crop.size().width, crop.size().height, frame.image_size.width, frame.image_size.height);
  }
}

// torch's upsample_bilinear2d from `from` to `to` values without aligned corners; the first `kept` of them.
MaskUpscaler::Axis MaskUpscaler::axis(int64_t from, int64_t to, int64_t kept) {
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  Axis axis;
  for (int64_t i = 0; i < kept; ++i) {
    const float place = std::max(scale * (static_cast<float>(i) + 0.5F) - 0.5F, 0.0F);
    const int64_t first = std::min(static_cast<int64_t>(place), from - 1);
    axis.first.push_back(static_cast<int32_t>(first));
    axis.second.push_back(static_cast<int32_t>(std::min(first + 1, from - 1)));
    axis.weight.push_back(std::clamp(place - static_cast<float>(first), 0.0F, 1.0F));
  }
  return axis;
}

// The values that come from `from` alone; indices grow along an axis.
MaskUpscaler::Range MaskUpscaler::reached(const Axis& axis, Range from) {
  const auto begin = std::lower_bound(axis.first.begin(), axis.first.end(), from.begin) - axis.first.begin();
  const auto end = std::lower_bound(axis.second.begin(), axis.second.end(), from.end) - axis.second.begin();
  return {begin, end};
}

MaskUpscaler::Ranges MaskUpscaler::ranges(const Axis& square, const Axis& image, int64_t begin, int64_t count) {
  const Range low{begin, begin + count};
  const Range of_square = reached(square, low);
  return {low, of_square, of_square.empty() ? Range{} : reached(image, of_square)};
}

MaskUpscaler::Upscaled MaskUpscaler::run(const LowResWindow& low_res, double offset) const {
  Upscaled out;
  out.mask.size = picture_;
  if (low_res.height == 0) return out;
  const Ranges y = ranges(square_y_, image_y_, low_res.top, low_res.height);
  const Ranges x = ranges(square_x_, image_x_, low_res.left, low_res.width);
  if (y.image.empty() || x.image.empty()) return out;
  Rows rows(*this, low_res, y, x);
  const int64_t left = (crop_.x0 + x.image.begin) / 64 * 64, right = crop_.x0 + x.image.end;
  BitMask bits{{y.image.size(), right - left}, (right - left + 63) / 64, {}};
  bits.words.resize(static_cast<size_t>(bits.size.height * bits.words_per_row));
  std::vector<float> logits(static_cast<size_t>(x.image.size()));
  std::vector<uint8_t> inside(static_cast<size_t>(right - left), 0);
  uint8_t* first = inside.data() + (crop_.x0 + x.image.begin - left);
  for (int64_t row = y.image.begin; row < y.image.end; ++row) {
    rows.image_row(row, logits.data());
    const Counts counts = cut_row(logits.data(), x.image.size(), static_cast<float>(offset), first);
    out.counts.above_high += counts.high;
    out.counts.above_low += counts.low;
    pack_row(inside.data(), bits.size.width, bits.row(row - y.image.begin));
  }
  out.mask = pack_tightly(bits);
  out.mask.size = picture_;
  out.mask.top += crop_.y0 + y.image.begin;
  out.mask.left += left;
  if (out.mask.box) {
    const auto right_by = static_cast<double>(left), down_by = static_cast<double>(crop_.y0 + y.image.begin);
    const Box& box = *out.mask.box;
    out.mask.box = Box{box.x0 + right_by, box.y0 + down_by, box.x1 + right_by, box.y1 + down_by};
  }
  return out;
}

}  // namespace hqsam
