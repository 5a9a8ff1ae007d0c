// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/mask_plane.h"

#include <gtest/gtest.h>

#include "hqsam/core/random.h"

namespace hqsam {
namespace {

// Blocks of a few values, and some pixels of any.
Image blocks(RandomStream& stream) {
  Image image(1 + stream.below(60), 1 + stream.below(90), 1);
  const int64_t cell = 1 + stream.below(30);
  std::vector<uint8_t> values(4000);
  for (uint8_t& value : values) value = static_cast<uint8_t>(127 * stream.below(3));
  for (int64_t y = 0; y < image.height; ++y) {
    for (int64_t x = 0; x < image.width; ++x) {
      *image.at(y, x) = values[static_cast<size_t>(y / cell * 40 + x / cell % 40)];
      if (stream.below(200) == 0) *image.at(y, x) = static_cast<uint8_t>(stream.below(256));
    }
  }
  return image;
}

}  // namespace

TEST(CountValues, OfBytesAreThoseOfWholeNumbers) {
  RandomStream stream{8};
  for (int i = 0; i < 200; ++i) {
    const Image image = blocks(stream);
    MaskPlane plane;
    plane.size = image.size();
    plane.values.assign(image.pixels.begin(), image.pixels.end());
    const ValueCounts bytes = count_values(image), numbers = count_values(plane);
    ASSERT_EQ(bytes.size(), numbers.size()) << i;
    for (const auto& [value, count] : numbers) {
      ASSERT_EQ(bytes.at(value).pixels, count.pixels) << i << ": " << value;
      ASSERT_EQ(bytes.at(value).flat, count.flat) << i << ": " << value;
    }
  }
}

}  // namespace hqsam
