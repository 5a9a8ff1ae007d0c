// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/seal.h"

#include <gtest/gtest.h>

#include "hqsam/comm/rank_list.h"

namespace hqsam {

TEST(Seal, OpensWhatItClosedForThatPlaceAlone) {
  const Seal seal("a secret");
  for (const std::string& text : {std::string(), std::string("rank 1 stopped"), std::string("\0\n\x1b", 3)}) {
    const std::string sealed = seal.close("verdict", text);
    EXPECT_EQ(seal.open("verdict", sealed), text);
    EXPECT_EQ(Seal("a secret").open("verdict", sealed), text);
    EXPECT_FALSE(seal.open("failed", sealed));
    EXPECT_FALSE(Seal("another").open("verdict", sealed));
    EXPECT_FALSE(Seal("").open("verdict", sealed));
    EXPECT_FALSE(seal.open("verdict", sealed + "x"));
    EXPECT_FALSE(seal.open("verdict", sealed.substr(1)));
  }
}

TEST(Seal, TakesNoBytesOfAnotherProgram) {
  const Seal seal("");
  for (const std::string_view bytes :
       {"", "1", "hqsam1:", "hqsam1:0123456789abcdef ", "\x1b[31mred", "GET / HTTP/1.1"}) {
    EXPECT_FALSE(seal.open("failed", bytes)) << bytes;
  }
  EXPECT_FALSE(seal.open("failed", seal.close("failed", std::string(Seal::kMostBytes, 'x'))));
  EXPECT_TRUE(seal.open("failed", seal.close("failed", std::string(Seal::kMostBytes / 2, 'x'))));
}

// Of the algorithm's reference: the key is 00 01 .. 0f, the bytes are 00 01 ...
TEST(SipHash, GivesThePublishedValues) {
  const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
  std::string bytes;
  EXPECT_EQ(siphash(key, bytes), 0x726fdb47dd0e0e31U);
  for (char byte = 0; byte < 8; ++byte) bytes += byte;
  EXPECT_EQ(siphash(key, bytes), 0x93f5f5799a932462U);
  for (char byte = 8; byte < 15; ++byte) bytes += byte;
  EXPECT_EQ(siphash(key, bytes), 0xa129ca6149be45e5U);
}

TEST(WordsOfAnother, AreShortAndBringNoControlCharacters) {
  EXPECT_EQ(words_of_another("[read_image] cat.jpg is damaged"), "[read_image] cat.jpg is damaged");
  const std::string said = words_of_another("\x1b[2J\x1b[31mgone\r\n" + std::string(100'000, 'x'));
  EXPECT_EQ(said.find_first_of("\x1b\r\n"), std::string::npos);
  EXPECT_LT(said.size(), 3000u);
}

}  // namespace hqsam
