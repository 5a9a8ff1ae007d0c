// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/spare.h"

#include <gtest/gtest.h>

#include <thread>

namespace hqsam {

constexpr size_t kLarge = size_t{1} << 20;

// Threads of their own begin without spares.
template <class Body>
void in_a_thread(Body body) {
  std::thread(body).join();
}

TEST(Spare, GivesBackWhatWasKept) {
  in_a_thread([] {
    std::vector<uint8_t> bytes = take_spare(kLarge);
    EXPECT_EQ(bytes, std::vector<uint8_t>(kLarge));
    const uint8_t* where = bytes.data();
    keep_spare(std::move(bytes));
    const std::vector<uint8_t> again = take_spare(kLarge - 5);
    EXPECT_EQ(again.data(), where);
    EXPECT_EQ(again.size(), kLarge - 5);
    EXPECT_NE(take_spare(kLarge).data(), where);
  });
}

TEST(Spare, SmallNeedsTakeNoLargeBuffer) {
  in_a_thread([] {
    std::vector<uint8_t> bytes(kLarge);
    const uint8_t* where = bytes.data();
    keep_spare(std::move(bytes));
    EXPECT_NE(take_spare(kLarge / 4).data(), where);
    EXPECT_EQ(take_spare(kLarge).data(), where);
  });
}

TEST(Spare, GrowsWithItsPictures) {
  in_a_thread([] {
    for (const size_t size : {kLarge, 3 * kLarge, 2 * kLarge, 9 * kLarge, size_t{0}}) {
      std::vector<uint8_t> bytes = take_spare(size);
      EXPECT_EQ(bytes.size(), size);
      keep_spare(std::move(bytes));
    }
  });
}

TEST(Spare, EachThreadHasItsOwn) {
  std::vector<uint8_t> bytes(kLarge);
  const uint8_t* where = bytes.data();
  keep_spare(std::move(bytes));
  in_a_thread([where] { EXPECT_NE(take_spare(kLarge).data(), where); });
}

}  // namespace hqsam
