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

TEST(Shown, LeavesPlainTextAndShowsControlCharactersAsText) {
  EXPECT_EQ(shown("im/\xc3\x84 \xe6\x97\xa5 \xf0\x9f\x98\x80.jpg"), "im/\xc3\x84 \xe6\x97\xa5 \xf0\x9f\x98\x80.jpg");
  EXPECT_EQ(shown("a\x1b[31mb\r\n\t\x7f"), "a\\x1b[31mb\\x0d\\n\\t\\x7f");
  EXPECT_EQ(shown(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(shown("\xc2\x9b"
                  "31m"),
            "\\xc2\\x9b31m");  // CSI in one character
}

TEST(Shown, ShowsBytesThatAreNoUtf8AsText) {
  EXPECT_EQ(shown("\xff"), "\\xff");
  EXPECT_EQ(shown("\xe6\x97"), "\\xe6\\x97");
  EXPECT_EQ(shown("\xc0\x9b"), "\\xc0\\x9b");
  EXPECT_EQ(shown("a\xc3"), "a\\xc3");
}

TEST(LowerCase, ChangesAsciiLettersAlone) {
  EXPECT_EQ(lower_case("IMG_01.JPG"), "img_01.jpg");
  EXPECT_EQ(lower_case("\xc3\x84 Z"), "\xc3\x84 z");  // a capital A with dots, in UTF-8
}

}  // namespace hqsam
