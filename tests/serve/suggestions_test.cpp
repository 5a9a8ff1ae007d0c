// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/suggestions.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "errors.h"

namespace hqsam {
namespace {

class SuggestionsTest : public ::testing::Test {
 protected:
  std::vector<FoundMask> make(size_t picture, int64_t points) {
    const std::lock_guard lock(mutex);
    made += std::to_string(picture) + ":" + std::to_string(points) + " ";
    if (picture == 99) throw Error("[test] no such picture");
    return std::vector<FoundMask>(picture);
  }
  std::string made_so_far() {
    const std::lock_guard lock(mutex);
    return made;
  }
  std::mutex mutex;
  std::string made;
  Suggestions suggestions{[this](size_t picture, int64_t points) { return make(picture, points); }};
};

TEST_F(SuggestionsTest, AreMadeOnce) {
  EXPECT_FALSE(suggestions.has(3));
  EXPECT_EQ(suggestions.of(3, 16)->size(), 3U);
  EXPECT_EQ(suggestions.of(3, 16)->size(), 3U);
  suggestions.of(3, 8);
  EXPECT_EQ(made, "3:16 3:8 ");
  EXPECT_TRUE(suggestions.has(3));
}

TEST_F(SuggestionsTest, OfTheLastFewPicturesStay) {
  for (size_t picture = 0; picture < 9; ++picture) suggestions.of(picture, 1);
  made.clear();
  suggestions.of(8, 1);
  suggestions.of(0, 1);
  EXPECT_EQ(made, "0:1 ");
}

TEST_F(SuggestionsTest, ThatFailAreTold) {
  EXPECT_EQ(error_of([&] { suggestions.of(99, 1); }), "[test] no such picture");
  EXPECT_FALSE(suggestions.has(99));
}

TEST_F(SuggestionsTest, AreMadeAgainOfAnotherModel) {
  suggestions.of(1, 4);
  suggestions.of(2, 5);
  made.clear();
  suggestions.again([](size_t picture) { return picture == 2; });
  for (int i = 0; i < 500 && !suggestions.has(2); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(suggestions.has(2));
  EXPECT_FALSE(suggestions.has(1));
  EXPECT_EQ(made_so_far(), "2:5 ");
}

}  // namespace
}  // namespace hqsam
