// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/label.h"

#include <gtest/gtest.h>

#include "data/fixtures.h"

namespace hqsam {
namespace {

TEST(Label, IsTheSameGrayPictureWhetherPackedOrNot) {
  const Image gray = label_with_square({40, 150}, 70, 5, 20);
  const Label plain = gray, packed = compact_label(gray);
  ASSERT_TRUE(packed.is_packed());
  EXPECT_FALSE(plain.is_packed());
  EXPECT_EQ(packed.gray(), gray);
  EXPECT_EQ(packed, plain);
  EXPECT_EQ(Label(packed).gray(), gray);
  EXPECT_EQ(packed.size(), gray.size());
  EXPECT_EQ(packed.area(), 400);
  EXPECT_EQ(plain.area(), 400);
  EXPECT_EQ(threshold_label(packed), threshold_label(gray));
  EXPECT_EQ(*plain.packed(), *packed.packed());
  EXPECT_EQ(plain.soft(), nullptr);
  EXPECT_EQ(packed.soft(), nullptr);
}

TEST(Label, KeepsSoftValues) {
  Image gray = label_with_square({40, 150}, 70, 5, 20);
  *gray.at(0, 0) = 100, *gray.at(0, 1) = 200;
  const Label label = compact_label(gray);
  EXPECT_FALSE(label.is_packed());
  ASSERT_NE(label.soft(), nullptr);
  EXPECT_EQ(*label.soft(), gray);
  EXPECT_EQ(label.area(), 401);
  Image room;
  EXPECT_EQ(&label.gray_in(room), label.soft());
}

}  // namespace
}  // namespace hqsam
