// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/packed.h"

#include <gtest/gtest.h>

#include "hqsam/core/error.h"
#include "hqsam/core/random.h"
#include "hqsam/mask/boundary.h"

namespace hqsam {
namespace {

// Specks of a density within a part of the picture.
Mask specks(Size size, Box part, double density, uint64_t seed) {
  Mask mask(size.height, size.width);
  RandomStream stream{seed};
  for (auto y = static_cast<int64_t>(part.y0); y < static_cast<int64_t>(part.y1); ++y) {
    for (auto x = static_cast<int64_t>(part.x0); x < static_cast<int64_t>(part.x1); ++x) {
      mask.at(y, x) = stream.uniform() < density ? 1 : 0;
    }
  }
  return mask;
}

std::vector<Mask> some_masks() {
  const Size size{90, 300};
  std::vector<Mask> masks = {Mask(size.height, size.width), specks(size, {0, 0, 300, 90}, 1, 1),
                             specks(size, {299, 89, 300, 90}, 1, 1), specks(size, {0, 0, 1, 1}, 1, 1)};
  for (const uint64_t seed : {2, 3, 4}) {
    masks.push_back(specks(size, {70, 10, 200, 60}, 0.9, seed));
    masks.push_back(specks(size, {63, 0, 65, 90}, 0.5, seed));
    masks.push_back(specks(size, {128, 30, 192, 31}, 1, seed));
  }
  return masks;
}

TEST(PackedMask, IsTheMaskItselfHoweverItWasMade) {
  for (const Mask& mask : some_masks()) {
    const PackedMask packed = pack_tightly(mask);
    EXPECT_EQ(unpack(packed), mask);
    EXPECT_EQ(packed.area, area(mask));
    EXPECT_EQ(packed.box, bounding_box(mask));
    EXPECT_EQ(pack_tightly(rle_encode(mask)), packed);
    EXPECT_EQ(pack_tightly(pack(mask)), packed);
  }
  EXPECT_THROW(pack_tightly(Rle{{4, 4}, {3}}), Error);
}

TEST(PackedMask, HasTheBandsAndOverlapsOfWholePictures) {
  const std::vector<Mask> masks = some_masks();
  for (const Mask& a : masks) {
    for (const int64_t width : {1, 3, 40}) {
      const PackedMask band = boundary_band(pack_tightly(a), width);
      EXPECT_EQ(unpack(band), boundary_band(a, width)) << width;
      EXPECT_EQ(band.area, area(boundary_band(a, width)));
    }
    for (const Mask& b : masks) {
      const Overlap whole = overlap(a, b), packed = overlap(pack_tightly(a), pack_tightly(b));
      EXPECT_EQ(packed.intersection, whole.intersection);
      EXPECT_EQ(packed.union_, whole.union_);
      Mask rest = a;
      for (size_t i = 0; i < rest.pixels.size(); ++i) rest.pixels[i] = a.pixels[i] & (b.pixels[i] ^ 1);
      EXPECT_EQ(without(pack_tightly(a), pack(b)), pack_tightly(rest));
    }
  }
  EXPECT_THROW(overlap(pack_tightly(Mask(3, 4)), pack_tightly(Mask(4, 3))), Error);
  EXPECT_THROW(without(pack_tightly(Mask(3, 4)), pack(Mask(4, 3))), Error);
}

TEST(PackedMask, TakesTheBytesOfItsWindowAlone) {
  Mask mask(4000, 6000);
  for (int64_t y = 1000; y < 1100; ++y) std::fill_n(mask.pixels.begin() + y * mask.width + 640, 128, 1);
  EXPECT_EQ(pack_tightly(mask).bytes() - PackedMask().bytes(), 100 * 128 / 8);
}

}  // namespace
}  // namespace hqsam
