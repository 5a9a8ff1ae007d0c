// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/counts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "hqsam/core/random.h"

namespace hqsam {

TEST(Counts, AreThoseOfAPlainLoop) {
  RandomStream stream{3};
  for (const int64_t size : {0, 1, 31, 4095, 4096, 4097, 20000}) {
    std::vector<uint8_t> bytes(static_cast<size_t>(size));
    for (uint8_t& value : bytes)
      value = static_cast<uint8_t>(stream.below(4) == 0 ? 255 * stream.below(2) : stream.below(256));
    const std::vector<float> floats(bytes.begin(), bytes.end());
    const auto count = [&](uint8_t value) { return std::count(bytes.begin(), bytes.end(), value); };
    const int64_t above = std::count_if(bytes.begin(), bytes.end(), [](uint8_t value) { return value > 128; });
    EXPECT_EQ(count_above(bytes.data(), size, uint8_t{128}), above);
    EXPECT_EQ(count_above(floats.data(), size, 128.0F), above);
    EXPECT_EQ(any_above(bytes.data(), size, uint8_t{128}), above > 0);
    EXPECT_EQ(any_above(floats.data(), size, 128.0F), above > 0);
    const UsualValues usual = count_usual(bytes.data(), size);
    EXPECT_EQ(usual.zeros, count(0));
    EXPECT_EQ(usual.ones, count(1));
    EXPECT_EQ(usual.whites, count(255));
  }
}

TEST(Counts, FindTheOnlyValueAboveWhereverItLies) {
  for (const size_t at : {0, 4095, 4096, 9999}) {
    std::vector<float> values(10000, 128.0F);
    EXPECT_FALSE(any_above(values.data(), 10000, 128.0F));
    values[at] = 128.01F;
    EXPECT_TRUE(any_above(values.data(), 10000, 128.0F)) << at;
    EXPECT_EQ(count_above(values.data(), 10000, 128.0F), 1) << at;
  }
}

TEST(Counts, NotANumberIsNotAbove) {
  const float none = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(any_above(&none, 1, 128.0F));
}

}  // namespace hqsam
