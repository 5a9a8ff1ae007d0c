// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/prompt_match.h"

#include <gtest/gtest.h>

namespace hqsam {
namespace {

using Names = std::vector<std::string>;
using Pictures = std::vector<std::filesystem::path>;

// The name of the only picture, or its error.
std::string name_for(const std::filesystem::path& picture, const Names& names) {
  const PromptMatch match = match_prompts(names, {picture});
  if (match.name_of[0]) return names[*match.name_of[0]];
  return match.error[0];
}

}  // namespace

TEST(PromptMatch, NamesAreFilesStemsOrEndsOfPaths) {
  EXPECT_EQ(name_for("in/sub/kite.jpg", {"dog.jpg", "kite.jpg"}), "kite.jpg");
  EXPECT_EQ(name_for("in/sub/kite.jpg", {"dog", "kite"}), "kite");
  EXPECT_EQ(name_for("in/sub/kite.jpg", {"sub/kite.jpg"}), "sub/kite.jpg");
  EXPECT_EQ(name_for("in/sub/kite.jpg", {"in\\sub\\kite"}), "in\\sub\\kite");
  EXPECT_EQ(name_for("in/sub/kite.jpg", {"./sub/kite.jpg"}), "./sub/kite.jpg");
  EXPECT_EQ(name_for("/data/in/kite.jpg", {"/data/in/kite.jpg"}), "/data/in/kite.jpg");
  EXPECT_EQ(name_for("in/kite.v2.jpg", {"kite", "kite.v2"}), "kite.v2");
  EXPECT_EQ(name_for("in/kite.jpg", {"kite.png", "kit", "ite.jpg"}), "");
}

TEST(PromptMatch, FileNamesComeBeforeStemsAndLongNamesBeforeShort) {
  EXPECT_EQ(name_for("in/kite.jpg", {"kite", "kite.jpg"}), "kite.jpg");
  EXPECT_EQ(name_for("in/sub/kite.jpg", {"kite.jpg", "sub/kite.jpg"}), "sub/kite.jpg");
  EXPECT_NE(name_for("in/kite.jpg", {"kite.jpg", "./kite.jpg"}).find("may be any"), std::string::npos);
}

TEST(PromptMatch, NumbersAreStemsWithZerosInFront) {
  EXPECT_EQ(name_for("in/000000000139.jpg", {"39", "139"}), "139");
  EXPECT_EQ(name_for("in/COCO_val2014_000000000139.jpg", {"139"}), "139");
  EXPECT_EQ(name_for("in/0.jpg", {"000"}), "000");
  EXPECT_EQ(name_for("in/frame139.jpg", {"139"}), "");
  const PromptMatch match = match_prompts({"139"}, Pictures{"0139.jpg", "00139.jpg"});
  EXPECT_FALSE(match.name_of[0]);
  EXPECT_NE(match.error[1].find("'139' may be 0139.jpg and 00139.jpg"), std::string::npos);
  EXPECT_EQ(match_prompts({"139"}, Pictures{"139.jpg", "00139.jpg"}).name_of[1], std::nullopt);  // it is the first's
}

TEST(PromptMatch, PathsFromElsewhereAreTakenAloud) {
  const PromptMatch match =
      match_prompts({"C:\\shots\\kite.jpg", "x/dog.jpg", "y/dog.jpg"}, Pictures{"kite.jpg", "dog.jpg"});
  EXPECT_EQ(match.name_of[0], 0u);
  EXPECT_EQ(match.other_folder, (Names{"C:\\shots\\kite.jpg"}));
  EXPECT_FALSE(match.name_of[1]);
  EXPECT_NE(match.error[1].find("'x/dog.jpg', 'y/dog.jpg'"), std::string::npos);
}

TEST(PromptMatch, TellsNamesOfNoPicture) {
  EXPECT_EQ(match_prompts({"a", "", "b.jpg"}, Pictures{"a.jpg"}).unused, (Names{"", "b.jpg"}));
}

}  // namespace hqsam
