// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/rough_mask.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "hqsam/core/error.h"
#include "hqsam/mask/morphology.h"

namespace hqsam {
namespace {

constexpr int64_t kDraws = 1250;  // of each of the eight kinds: 10,000

// A disc with a thin handle.
Mask pan() {
  Mask mask(96, 128);
  for (int64_t y = 0; y < 96; ++y) {
    for (int64_t x = 0; x < 128; ++x) {
      const double dx = static_cast<double>(x) - 40, dy = static_cast<double>(y) - 48;
      mask.at(y, x) = dx * dx + dy * dy <= 900 || (x >= 40 && x < 110 && std::abs(dy) <= 1) ? 1 : 0;
    }
  }
  return mask;
}

Mask line() {
  Mask mask(40, 40);
  for (int64_t i = 3; i < 37; ++i) mask.at(i, 20) = 1;
  return mask;
}

Mask dot() {
  Mask mask(32, 32);
  mask.at(31, 31) = 1;
  return mask;
}

// Pixels of a outside of b.
int64_t beyond(const Mask& a, const Mask& b) {
  int64_t count = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) count += a.pixels[i] & (b.pixels[i] ^ 1);
  return count;
}

double iou(const Mask& a, const Mask& b) {
  const auto both = static_cast<double>(area(a) - beyond(a, b));
  return both / static_cast<double>(area(b) + beyond(a, b));
}

template <class Look>
void draw_all(const Mask& fine, RoughKind kind, const Look& look) {
  for (int64_t i = 0; i < kDraws; ++i) {
    RandomStream stream{5, static_cast<uint64_t>(kind), static_cast<uint64_t>(i)};
    look(rough_mask(fine, kind, stream));
  }
}

TEST(RoughMask, IsNeverEmptyAndOfTheSameSize) {
  for (const Mask& fine : {pan(), line(), dot()}) {
    for (const auto& [kind, word] : kRoughKinds) {
      draw_all(fine, kind, [&, kind = word](const Mask& rough) {
        ASSERT_EQ(rough.size(), fine.size()) << kind;
        ASSERT_GT(area(rough), 0) << kind;
      });
    }
  }
}

TEST(RoughMask, GrowsShrinksAndMovesAsItsKindSays) {
  const Mask fine = pan();
  draw_all(fine, RoughKind::kDilated, [&](const Mask& rough) {
    ASSERT_EQ(beyond(fine, rough), 0);
    ASSERT_GT(area(rough), area(fine));
    ASSERT_EQ(beyond(rough, dilate_square(fine, 9)), 0);  // 0.08 of 101 pixels
  });
  draw_all(fine, RoughKind::kEroded, [&](const Mask& rough) {
    ASSERT_EQ(beyond(rough, fine), 0);
    ASSERT_LT(area(rough), area(fine));
  });
  double across = 0, down = 0;
  draw_all(fine, RoughKind::kShifted, [&](const Mask& rough) {
    const Box from = *bounding_box(fine), to = *bounding_box(rough);
    const double dx = to.x0 - from.x0, dy = to.y0 - from.y0;
    ASSERT_TRUE(std::abs(dx) >= 2 && std::abs(dx) <= 10 && std::abs(dy) >= 2 && std::abs(dy) <= 10) << dx << " " << dy;
    across += dx, down += dy;
  });
  EXPECT_NEAR(across / kDraws, 0, 0.75);  // the way is drawn: 6.4 pixels on average, either way
  EXPECT_NEAR(down / kDraws, 0, 0.75);
}

TEST(RoughMask, LosesAndAddsPartsAsItsKindSays) {
  const Mask fine = pan();
  for (const RoughKind kind : {RoughKind::kMissing, RoughKind::kHoles}) {
    draw_all(fine, kind, [&](const Mask& rough) {
      ASSERT_EQ(beyond(rough, fine), 0);
      ASSERT_LT(area(rough), area(fine));
    });
  }
  int64_t more = 0;
  draw_all(fine, RoughKind::kExtra, [&](const Mask& rough) {
    ASSERT_EQ(beyond(fine, rough), 0);
    more += area(rough) > area(fine) ? 1 : 0;
  });
  EXPECT_EQ(more, kDraws);
}

TEST(RoughMask, OfAllKindsIsStillTheObject) {
  const Mask fine = pan();
  std::map<RoughKind, double> least;
  for (const auto& [kind, word] : kRoughKinds) {
    least[kind] = 1;
    double sum = 0;
    draw_all(fine, kind, [&, kind = kind](const Mask& rough) {
      least[kind] = std::min(least[kind], iou(rough, fine));
      sum += iou(rough, fine);
    });
    EXPECT_GT(sum / kDraws, 0.5) << word;
    EXPECT_LT(sum / kDraws, 0.97) << word;
  }
  EXPECT_GT(least[RoughKind::kPolygon], 0.6);
  EXPECT_GT(least[RoughKind::kBlurred], 0.7);
}

TEST(RoughMask, BlurredLosesThinParts) {
  draw_all(pan(), RoughKind::kBlurred, [&](const Mask& rough) {
    ASSERT_EQ(rough.at(48, 100), 0);  // of the handle
    ASSERT_EQ(rough.at(48, 40), 1);
  });
}

TEST(RoughMask, DependsOnItsStreamAlone) {
  for (const auto& [kind, word] : kRoughKinds) {
    RandomStream first{9}, again{9};
    EXPECT_EQ(rough_mask(pan(), kind, first), rough_mask(pan(), kind, again)) << word;
  }
}

TEST(RoughMask, RefusesAMaskWithoutAnInside) {
  RandomStream stream{1};
  EXPECT_THROW(rough_mask(Mask(8, 8), RoughKind::kDilated, stream), Error);
}

}  // namespace
}  // namespace hqsam
