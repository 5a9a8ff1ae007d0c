// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/draw_labels.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

uint8_t channel_of(double hue, double saturation, double value, double shift) {  // HSV, hue from 0 to 1
  const double place = std::fmod(hue * 6 + shift, 6.0);
  const double share = std::clamp(std::min(place, 4 - place), 0.0, 1.0);
  return static_cast<uint8_t>(std::lround(255 * value * (1 - saturation * share)));
}

// The labels at an image's pixels: those in their middles.
std::vector<uint16_t> labels_at(std::span<const uint16_t> labels, Size from, Size to) {
  std::vector<uint16_t> out;
  out.reserve(static_cast<size_t>(to.height * to.width));
  for (int64_t y = 0; y < to.height; ++y) {
    const uint16_t* row = labels.data() + (2 * y + 1) * from.height / (2 * to.height) * from.width;
    for (int64_t x = 0; x < to.width; ++x) out.push_back(row[(2 * x + 1) * from.width / (2 * to.width)]);
  }
  return out;
}

}  // namespace

Color label_color(uint16_t label) {
  constexpr double kGolden = 0.6180339887498949;  // steps of this share of a circle come back to no color soon
  const double hue = std::fmod(label * kGolden, 1.0);
  const double value = label % 3 == 0 ? 0.75 : 1, saturation = label % 2 == 0 ? 0.65 : 0.9;
  return {channel_of(hue, saturation, value, 5), channel_of(hue, saturation, value, 3),
          channel_of(hue, saturation, value, 1)};
}

void draw_labels(Image& image, std::span<const uint16_t> labels, Size size, double opacity) {
  check_image("draw_labels", image);
  if (image.channels != 3) fail("draw_labels", "expected an RGB image, got {} channel", image.channels);
  if (std::ssize(labels) != size.height * size.width || labels.empty()) {
    fail("draw_labels", "{} labels for {} x {} pixels (height x width)", labels.size(), size.height, size.width);
  }
  if (!(opacity >= 0 && opacity <= 1)) fail("draw_labels", "expected an opacity from 0 to 1, got {}", opacity);
  const std::vector<uint16_t> own = labels_at(labels, size, image.size());
  for (int64_t y = 0; y < image.height; ++y) {
    for (int64_t x = 0; x < image.width; ++x) {
      const auto at = static_cast<size_t>(y * image.width + x);
      if (own[at] == 0) continue;
      const auto other = [&](int64_t dy, int64_t dx) {
        const bool inside = y + dy >= 0 && y + dy < image.height && x + dx >= 0 && x + dx < image.width;
        return inside && own[static_cast<size_t>((y + dy) * image.width + x + dx)] != own[at];
      };
      const bool outline = other(-1, 0) || other(1, 0) || other(0, -1) || other(0, 1);
      const double share = outline ? 1 : opacity;
      const Color color = label_color(own[at]);
      for (size_t c = 0; c < 3; ++c) {
        uint8_t& value = image.pixels[3 * at + c];
        value = static_cast<uint8_t>(std::lround((1 - share) * value + share * color[c]));
      }
    }
  }
}

}  // namespace hqsam
