// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/mask_plane.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_map>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

using Form = MaskPlane::Form;

// Whole numbers as they are; floats between 0 and 1, or 0 and 255, brought to 0..65535.
std::vector<int32_t> float_values(const std::vector<float>& samples, const std::string& name, int32_t& white) {
  float lowest = 0, highest = 0;
  bool whole = true;
  for (const float value : samples) {
    if (std::isnan(value)) continue;
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
    whole = whole && value == std::nearbyint(value);
  }
  constexpr float kMost = 1 << 24;
  if (lowest < 0 || highest > (whole ? kMost : 255)) {
    fail("read_mask", "{} holds numbers from {} to {}: a mask has whole numbers from 0, or shares from 0 to 1", name,
         lowest, highest);
  }
  const float scale = whole ? 1 : highest <= 1 ? 65535 : 257;
  white = whole ? (highest > 255 ? 65535 : 255) : 65535;
  std::vector<int32_t> values(samples.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    values[i] = std::isnan(samples[i]) ? 0 : static_cast<int32_t>(std::lround(samples[i] * scale));
  }
  return values;
}

template <class Sample>
std::vector<int32_t> whole_values(const std::vector<Sample>& samples, const std::string& name, int32_t& white) {
  const auto [lowest, highest] = std::minmax_element(samples.begin(), samples.end());
  if (samples.empty() || *lowest < 0) {
    fail("read_mask", "{} holds negative numbers (down to {}): a mask has whole numbers from 0", name,
         samples.empty() ? 0 : static_cast<int64_t>(*lowest));
  }
  white = *highest > 255 ? 65535 : 255;
  return {samples.begin(), samples.end()};
}

std::vector<int32_t> samples_of(const Raster& raster, const std::string& name, int32_t& white) {
  if (const auto* floats = std::get_if<std::vector<float>>(&raster.samples)) {
    return float_values(*floats, name, white);
  }
  if (const auto* wide = std::get_if<std::vector<uint16_t>>(&raster.samples)) return whole_values(*wide, name, white);
  if (const auto* wide = std::get_if<std::vector<int32_t>>(&raster.samples)) return whole_values(*wide, name, white);
  return whole_values(std::get<std::vector<uint8_t>>(raster.samples), name, white);
}

// The alpha channel; empty if it is the same everywhere.
std::vector<uint8_t> alpha_of(const std::vector<int32_t>& samples, size_t pixels, size_t channels, int32_t white) {
  std::vector<uint8_t> alpha(pixels);
  for (size_t i = 0; i < pixels; ++i) alpha[i] = to_8_bits(samples[i * channels + channels - 1], white);
  const bool same = std::all_of(alpha.begin(), alpha.end(), [&](uint8_t a) { return a == alpha.front(); });
  return same ? std::vector<uint8_t>() : alpha;
}

// Whether no pixel's channels are further apart than `most`.
bool all_gray(const std::vector<int32_t>& samples, size_t pixels, size_t channels, int32_t most) {
  for (size_t i = 0; i < pixels; ++i) {
    const auto [low, high] = std::minmax({samples[i * channels], samples[i * channels + 1], samples[i * channels + 2]});
    if (high - low > most) return false;
  }
  return true;
}

bool names_grays_by_themselves(const std::vector<std::array<uint8_t, 3>>& palette) {
  for (size_t i = 0; i < palette.size(); ++i) {
    if (palette[i] != std::array<uint8_t, 3>{static_cast<uint8_t>(i), static_cast<uint8_t>(i), static_cast<uint8_t>(i)})
      return false;
  }
  return palette.size() == 256;
}

}  // namespace

uint8_t to_8_bits(int32_t value, int32_t white) {
  return static_cast<uint8_t>(std::clamp<int64_t>((int64_t{value} * 255 + white / 2) / white, 0, 255));
}

MaskPlane mask_plane(const Raster& raster, const std::string& name) {
  const auto pixels = static_cast<size_t>(raster.height * raster.width);
  const auto channels = static_cast<size_t>(raster.channels);
  MaskPlane plane;
  plane.size = raster.size();
  std::vector<int32_t> samples = samples_of(raster, name, plane.white);
  const size_t colours = raster.alpha ? channels - 1 : channels;
  if (colours != 1 && colours != 3) {
    fail("read_mask", "{} has {} channels: a mask has one, or three of colours, and opacity", name, channels);
  }
  if (raster.alpha) plane.alpha = alpha_of(samples, pixels, channels, plane.white);
  if (!raster.palette.empty() && !names_grays_by_themselves(raster.palette)) {
    plane.form = Form::kIndices;
    plane.palette = raster.palette;
  }
  if (channels == 1) {
    plane.values = std::move(samples);
    return plane;
  }
  constexpr int32_t kLossyGray = 12;  // lossy WebP's grays have slightly different channels
  const bool gray = colours == 1 || all_gray(samples, pixels, channels, raster.lossy ? kLossyGray : 0);
  plane.values.resize(pixels);
  for (size_t i = 0; i < pixels; ++i) {
    const int32_t* pixel = samples.data() + i * channels;
    const auto byte = [&](size_t c) { return int32_t{to_8_bits(pixel[c], plane.white)}; };
    plane.values[i] = gray ? pixel[colours / 2] : byte(0) << 16 | byte(1) << 8 | byte(2);
  }
  if (!gray) plane.form = Form::kColours;
  return plane;
}

bool uses_gray_palette(const MaskPlane& indices) {
  return std::all_of(indices.values.begin(), indices.values.end(), [&](int32_t index) {
    if (index < 0 || index >= std::ssize(indices.palette)) return false;
    const auto& colour = indices.palette[static_cast<size_t>(index)];
    return colour[0] == colour[1] && colour[0] == colour[2];
  });
}

MaskPlane gray_of_palette(const MaskPlane& indices) {
  MaskPlane gray = indices;
  gray.form = Form::kGray;
  gray.white = 255;
  gray.palette.clear();
  for (int32_t& value : gray.values) value = indices.palette.at(static_cast<size_t>(value))[0];
  return gray;
}

ValueCounts count_values(const MaskPlane& plane, const std::vector<uint8_t>& where) {
  std::unordered_map<int32_t, ValueCount> counts;
  const int64_t height = plane.size.height, width = plane.size.width;
  const int32_t* values = plane.values.data();
  int32_t last = -1;
  ValueCount* count = nullptr;
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      const int64_t i = y * width + x;
      if (!where.empty() && where[static_cast<size_t>(i)] == 0) continue;
      const int32_t value = values[i];
      if (count == nullptr || value != last) count = &counts[last = value];
      ++count->pixels;
      const bool inner = x > 0 && x + 1 < width && y > 0 && y + 1 < height;
      count->flat += inner && values[i - 1] == value && values[i + 1] == value && values[i - width] == value &&
                     values[i + width] == value;
    }
  }
  return {counts.begin(), counts.end()};
}

namespace {

// Whether eight pixels and all their neighbours are of one value, as most are.
bool eight_flat(const uint8_t* pixel, int64_t width) {
  const uint64_t same = uint64_t{0x0101010101010101} * pixel[0];
  const auto are_same = [same](const uint8_t* eight) { return std::memcmp(eight, &same, 8) == 0; };
  return are_same(pixel) && are_same(pixel - 1) && are_same(pixel + 1) && are_same(pixel - width) &&
         are_same(pixel + width);
}

}  // namespace

ValueCounts count_values(const Image& gray) {
  std::array<ValueCount, 256> counts = {};
  const int64_t height = gray.height, width = gray.width;
  for (int64_t y = 0; y < height; ++y) {
    const uint8_t* row = gray.at(y, 0);
    const bool inner = y > 0 && y + 1 < height;
    for (int64_t x = 0; x < width; ++x) {
      ValueCount& count = counts[row[x]];
      if (inner && x > 0 && x + 8 < width && eight_flat(row + x, width)) {
        count.pixels += 8;
        count.flat += 8;
        x += 7;
        continue;
      }
      ++count.pixels;
      count.flat += inner && x > 0 && x + 1 < width && row[x - 1] == row[x] && row[x + 1] == row[x] &&
                    row[x - width] == row[x] && row[x + width] == row[x];
    }
  }
  ValueCounts found;
  for (size_t value = 0; value < counts.size(); ++value) {
    if (counts[value].pixels > 0) found[static_cast<int32_t>(value)] = counts[value];
  }
  return found;
}

std::string value_name(int32_t value, MaskPlane::Form form) {
  return form == Form::kColours ? fmt::format("#{:06x}", value) : std::to_string(value);
}

std::string list_values(const ValueCounts& counts, MaskPlane::Form form) {
  constexpr size_t kShown = 8;
  std::vector<std::pair<int32_t, ValueCount>> most(counts.begin(), counts.end());
  int64_t pixels = 0;
  for (const auto& [value, count] : most) pixels += count.pixels;
  std::stable_sort(most.begin(), most.end(),
                   [](const auto& a, const auto& b) { return a.second.pixels > b.second.pixels; });
  const size_t shown = std::min(most.size(), kShown);
  std::sort(most.begin(), most.begin() + static_cast<std::ptrdiff_t>(shown),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string list;
  for (size_t i = 0; i < shown; ++i) {
    const double share =
        100.0 * static_cast<double>(most[i].second.pixels) / static_cast<double>(std::max<int64_t>(pixels, 1));
    list += fmt::format("{}{} ({:.3g} %)", i > 0 ? ", " : "", value_name(most[i].first, form), share);
  }
  if (most.size() > shown) list += fmt::format(" and {} more", most.size() - shown);
  return list;
}

}  // namespace hqsam
