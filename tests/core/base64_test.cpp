// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/base64.h"

#include <gtest/gtest.h>

#include "errors.h"

namespace hqsam {

TEST(Base64, GivesTheBytes) {
  EXPECT_EQ(base64_bytes("aGVsbG8="), "hello");
  EXPECT_EQ(base64_bytes("data:image/png;base64,aGVs\nbG8"), "hello");
  EXPECT_TRUE(contains(error_of([] { base64_bytes("a*"); }), "position 1"));
}

TEST(Base64, GivesTheTextOfRfc4648) {
  EXPECT_EQ(base64_text(""), "");
  EXPECT_EQ(base64_text("f"), "Zg==");
  EXPECT_EQ(base64_text("fo"), "Zm8=");
  EXPECT_EQ(base64_text("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64_text(std::string("\xFF\xFE\x00", 3)), "//4A");
}

}  // namespace hqsam
