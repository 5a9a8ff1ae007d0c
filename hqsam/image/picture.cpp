// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include "hqsam/core/error.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/formats.h"
#include "hqsam/image/orientation.h"

namespace hqsam {
namespace {

// Which of a pixel's samples are shown: one as gray or three as RGB.
struct Shown {
  std::vector<int64_t> channels;
  int64_t of = 0;  // samples in a pixel
};

Shown shown_channels(const Raster& raster, const std::string& name, const PictureOptions& options) {
  Shown shown{{}, raster.channels};
  const int64_t colors = raster.channels - (raster.alpha ? 1 : 0);
  for (const int64_t band : options.bands) {
    if (band > raster.channels) {
      fail("read_image", "{} has {} bands, there is no band {}: give bands that it has, counted from 1", name,
           raster.channels, band);
    }
    shown.channels.push_back(band - 1);
  }
  if (shown.channels.empty()) shown.channels = colors >= 3 ? std::vector<int64_t>{0, 1, 2} : std::vector<int64_t>{0};
  return shown;
}

// Samples from low to high become 0 to 255.
struct Range {
  double low = 0, high = 255;
  bool stretched = false;  // by the samples' values, not by their type

  uint8_t operator()(double value) const {
    if (!std::isfinite(value)) return 0;
    if (high <= low) return value == 0 ? 0 : 128;  // a picture of one value
    const double share = std::clamp((value - low) / (high - low), 0.0, 1.0);
    return static_cast<uint8_t>(share * 255 + 0.5);
  }
};

// The finite samples that are shown, evenly subsampled if there are very many; percentiles are taken of these.
struct Summary {
  double min = std::numeric_limits<double>::infinity(), max = -min;
  std::vector<float> values;

  double percentile(double percent) {
    const double index = percent / 100 * static_cast<double>(values.size() - 1);
    const auto at = values.begin() + static_cast<int64_t>(std::floor(index + 0.5));
    std::nth_element(values.begin(), at, values.end());
    return *at;
  }
};

template <class Value>
Summary summary_of(const std::vector<Value>& samples, const Shown& shown, std::optional<double> nodata) {
  constexpr size_t kMany = 1 << 21;  // pixels
  const size_t pixels = samples.size() / static_cast<size_t>(shown.of), step = (pixels + kMany - 1) / kMany;
  Summary summary;
  for (size_t i = 0; i < pixels; ++i) {
    for (const int64_t channel : shown.channels) {
      const auto value = static_cast<double>(samples[i * static_cast<size_t>(shown.of) + static_cast<size_t>(channel)]);
      if (!std::isfinite(value) || value == nodata) continue;
      summary.min = std::min(summary.min, value), summary.max = std::max(summary.max, value);
      if (i % step == 0) summary.values.push_back(static_cast<float>(value));
    }
  }
  return summary;
}

// The rule of kAuto. `full`: the ranges that samples of this type mostly have, the narrowest first. The first that
// holds all samples is kept where their bright end reaches its upper half.
Range auto_range(Summary summary, const std::vector<double>& full) {
  if (summary.values.empty()) return {0, 0, false};
  const double bright = summary.percentile(99.9);
  for (const double high : full) {
    if (summary.min < 0 || summary.max > high) continue;
    if (bright >= high / 2) return {0, high, false};
    break;
  }
  Range range{summary.percentile(0.1), bright, true};
  if (range.high <= range.low) range.low = summary.min, range.high = summary.max;
  return range;
}

template <class Value>
constexpr bool kIsByte = std::is_same_v<Value, uint8_t>;

template <class Value>
Range range_of(const std::vector<Value>& samples, const Shown& shown, const Raster& raster,
               const PictureOptions& options) {
  if (options.range == RangeRule::kFixed) return {options.low, options.high, false};
  constexpr int kTypeBits = kIsByte<Value> ? 8 : 16;
  const double most = (1 << (raster.bits > 0 && raster.bits < kTypeBits ? raster.bits : kTypeBits)) - 1;
  if (kIsByte<Value>) return {0, most, false};
  constexpr bool kIsFloat = std::is_floating_point_v<Value>;
  if (options.range == RangeRule::kFull) return {0, kIsFloat ? 1 : most, false};
  Summary summary = summary_of(samples, shown, raster.nodata);
  if (std::is_same_v<Value, uint16_t>) return auto_range(std::move(summary), {most});
  return auto_range(std::move(summary), kIsFloat ? std::vector<double>{1, 255} : std::vector<double>{255});
}

// The shown samples as RGB, each through `byte_of`.
template <class Value, class ByteOf>
Image shown_as_rgb(const std::vector<Value>& samples, const Raster& raster, const Shown& shown, ByteOf byte_of) {
  Image rgb(raster.height, raster.width, 3);
  const bool gray = shown.channels.size() == 1;
  const auto red = static_cast<size_t>(shown.channels.front());
  const auto green = static_cast<size_t>(gray ? 0 : shown.channels[1]),
             blue = static_cast<size_t>(shown.channels.back());
  const Value* pixel = samples.data();
  uint8_t* out = rgb.pixels.data();
  for (int64_t i = 0; i < raster.height * raster.width; ++i, pixel += shown.of, out += 3) {
    out[0] = byte_of(pixel[red]);
    out[1] = gray ? out[0] : byte_of(pixel[green]);
    out[2] = gray ? out[0] : byte_of(pixel[blue]);
  }
  return rgb;
}

template <class Value>
Image scaled(const std::vector<Value>& samples, const Raster& raster, const Shown& shown, const Range& range) {
  const double none = raster.nodata.value_or(std::numeric_limits<double>::quiet_NaN());
  const auto byte_of = [&](Value value) -> uint8_t {
    const auto number = static_cast<double>(value);
    return number == none && !kIsByte<Value> ? 0 : range(number);
  };
  if constexpr (sizeof(Value) <= 2) {
    std::vector<uint8_t> table(size_t{1} << (8 * sizeof(Value)));
    for (size_t i = 0; i < table.size(); ++i) table[i] = byte_of(static_cast<Value>(i));
    return shown_as_rgb(samples, raster, shown, [&](Value value) { return table[value]; });
  } else {
    return shown_as_rgb(samples, raster, shown, byte_of);
  }
}

Image copied(Raster& raster, std::vector<uint8_t>& samples, const Shown& shown) {
  if (shown.of != 3 || shown.channels != std::vector<int64_t>{0, 1, 2}) {
    return shown_as_rgb(samples, raster, shown, [](uint8_t value) { return value; });
  }
  Image rgb;
  rgb.height = raster.height, rgb.width = raster.width, rgb.channels = 3;
  rgb.pixels = std::move(samples);
  return rgb;
}

void check_raster(const Raster& raster) {
  const size_t count = std::visit([](const auto& samples) { return samples.size(); }, raster.samples);
  if (raster.height >= 1 && raster.width >= 1 && raster.channels >= 1 &&
      static_cast<int64_t>(count) == raster.height * raster.width * raster.channels) {
    return;
  }
  fail("picture_of",
       "expected samples of at least one pixel, got {} x {} x {} (height x width x channels) in {} samples",
       raster.height, raster.width, raster.channels, count);
}

}  // namespace

void PictureOptions::validate() const {
  if (!bands.empty() && bands.size() != 1 && bands.size() != 3) {
    fail("PictureOptions", "expected one band (gray) or three (red, green, blue), got {}", bands.size());
  }
  for (const int64_t band : bands) {
    if (band < 1 || band > 100'000) fail("PictureOptions", "bands must be in 1..100000, got {}", band);
  }
  if (range == RangeRule::kFixed && !(low >= -1e12 && high <= 1e12 && low < high)) {
    fail("PictureOptions", "range must be [low, high] in -1e12..1e12 with low < high, got [{}, {}]", low, high);
  }
}

Image picture_of(Raster raster, const std::string& name, const PictureOptions& options, PictureNotes* notes) {
  options.validate();
  check_raster(raster);
  raster = without_palette(std::move(raster));
  const Shown shown = shown_channels(raster, name, options);
  PictureNotes found;
  found.orientation = raster.orientation;
  found.warning = raster.warning;
  const int64_t colors = raster.channels - (raster.alpha ? 1 : 0);
  if (colors > static_cast<int64_t>(shown.channels.size())) found.bands = colors;
  Image image = std::visit(
      [&](auto& samples) {
        const Range range = range_of(samples, shown, raster, options);
        found.stretched = range.stretched, found.low = range.low, found.high = range.high;
        if constexpr (std::is_same_v<std::decay_t<decltype(samples)>, std::vector<uint8_t>>) {
          if (range.low == 0 && range.high == 255) return copied(raster, samples, shown);
        }
        return scaled(samples, raster, shown, range);
      },
      raster.samples);
  if (options.orient && raster.orientation != 1) image = upright(image, raster.orientation);
  if (notes != nullptr) *notes = std::move(found);
  return image;
}

Image decode_image(std::span<const std::byte> file, const std::string& name, const PictureOptions& options,
                   PictureNotes* notes) {
  return picture_of(decode_raster(file, name), name, options, notes);
}

}  // namespace hqsam
