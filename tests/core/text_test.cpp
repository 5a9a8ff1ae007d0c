// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/text.h"

#include <gtest/gtest.h>

namespace hqsam {

TEST(NearestName, FindsSlipsOfTheKeyboard) {
  EXPECT_EQ(nearest_name("epoch", {"epochs", "seed", "lr"}), "epochs");
  EXPECT_EQ(did_you_mean("bacth_size", {"batch_size", "micro_batch"}), " (did you mean 'batch_size'?)");
}

TEST(NearestName, KeepsQuietAboutStrangers) { EXPECT_EQ(did_you_mean("banana", {"epochs", "seed"}), ""); }

TEST(HumanSeconds, ReadsLikeAPerson) {
  EXPECT_EQ(human_seconds(12.4), "12 s");
  EXPECT_EQ(human_seconds(200), "3 min 20 s");
  EXPECT_EQ(human_seconds(3725), "1 h 02 min");
}

TEST(LowerCase, ChangesAsciiLettersAlone) {
  EXPECT_EQ(lower_case("IMG_01.JPG"), "img_01.jpg");
  EXPECT_EQ(lower_case("\xc3\x84 Z"), "\xc3\x84 z");  // a capital A with dots, in UTF-8
}

}  // namespace hqsam
