// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/picture_finder.h"

#include <gtest/gtest.h>

#include "data/fixtures.h"
#include "hqsam/core/file.h"
#include "hqsam/data/name_key.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

// Which of the files a name means: its path in the folder, or why there is none, in brackets.
class PictureFinder : public ::testing::Test {
 protected:
  void add(const std::string& name) {
    fs::create_directories((folder / name).parent_path());
    write_file(folder / name, "x");
  }
  std::string find(const std::string& name) const {
    const FoundPicture found = find_pictures(folder, {name})[0];
    if (found.file.empty()) return "(" + found.why + ")";
    EXPECT_EQ(found.file.path, folder / found.file.name);
    return found.file.name;
  }

  testing_support::TemporaryFolder temporary;
  const fs::path folder = temporary.path / "im";
};

}  // namespace

TEST_F(PictureFinder, TakesThePathInTheFolderFirst) {
  add("a.jpg");
  add("sub/a.jpg");
  add("b%20c#1.jpg");
  EXPECT_EQ(find("a.jpg"), "a.jpg");
  EXPECT_EQ(find("./sub/../a.jpg"), "a.jpg");
  EXPECT_EQ(find("sub/a.jpg"), "sub/a.jpg");
  EXPECT_EQ(find((folder / "sub/a.jpg").string()), "sub/a.jpg");
  EXPECT_EQ(find("b%20c#1.jpg"), "b%20c#1.jpg");
}

TEST_F(PictureFinder, ReadsNamesOfOtherSystemsAndUrls) {
  add("a.jpg");
  add("sub/b c.jpg");
  for (const char* name : {"..\\label\\a.jpg", "C:\\Users\\me\\a.jpg", "/home/me/data/a.jpg", "file:///home/me/a.jpg",
                           "https://x.org/d/a.jpg?token=1", "https://x.org/d/a.jpg#part", "a.jpg?raw=true",
                           "../../other/a.jpg", "/data/local-files/?d=mine/a.jpg", "s3://bucket/a.jpg"}) {
    EXPECT_EQ(find(name), "a.jpg") << name;
  }
  for (const char* name : {"sub\\b c.jpg", "https://x.org/sub/b%20c.jpg", "D:\\set\\sub\\b c.jpg", "/x/sub/b c.jpg",
                           "b c.jpg", "b%20c.jpg"}) {
    EXPECT_EQ(find(name), "sub/b c.jpg") << name;
  }
}

TEST_F(PictureFinder, ComparesNamesAsPeopleDo) {
  add("a.jpg");
  add("cafe\xcc\x81.jpg");  // as macOS stores it
  add("\xea\xb0\x81.jpg");  // a Hangul syllable
  add("B.JPG");
  EXPECT_EQ(find("a.JPG"), "a.jpg");
  EXPECT_EQ(find("A.jpg"), "a.jpg");
  EXPECT_EQ(find("b.jpg"), "B.JPG");
  EXPECT_EQ(find("CAF\xc3\x89.jpg"), "cafe\xcc\x81.jpg");
  EXPECT_EQ(find("\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8.jpg"), "\xea\xb0\x81.jpg");
  EXPECT_EQ(find("caf\xe9.jpg"), "(not there)");  // Latin-1
}

TEST_F(PictureFinder, FindsANameWithoutItsEnding) {
  add("a.jpg");
  add("a.txt");
  add("b.png");
  add("b.jpg");
  EXPECT_EQ(find("a"), "a.jpg");
  EXPECT_EQ(find("x\\a"), "a.jpg");
  EXPECT_EQ(find("b"), "(may be b.jpg or b.png)");
  EXPECT_EQ(find("a.png"), "(not there)");  // a mask's name, maybe
}

TEST_F(PictureFinder, GuessesNothing) {
  add("x/a.jpg");
  add("y/a.jpg");
  add("x/b.jpg");
  add("y/deep/c.jpg");
  EXPECT_EQ(find("a.jpg"), "(may be x/a.jpg or y/a.jpg)");
  EXPECT_EQ(find("old/y/a.jpg"), "y/a.jpg");
  EXPECT_EQ(find("y/b.jpg"), "(not there)");  // the folder is there and lacks it
  EXPECT_EQ(find("old/b.jpg"), "x/b.jpg");
  EXPECT_EQ(find("deep/c.jpg"), "y/deep/c.jpg");
  EXPECT_EQ(find(""), "(not there)");
  EXPECT_EQ(find(".."), "(not there)");
  EXPECT_EQ(find(std::string("x/b.jpg\0", 8)), "(not there)");
}

TEST_F(PictureFinder, GivesOneFileToOneName) {
  add("a.jpg");
  const auto found = find_pictures(folder, {"train/a.jpg", "val/a.jpg"});
  EXPECT_EQ(found[0].why, "a.jpg is another one's too");
  EXPECT_EQ(found[1].why, "a.jpg is another one's too");
  const auto named = find_pictures(folder, {"a.jpg", "a.JPG", "./a.jpg", "a.jpg"});
  EXPECT_EQ(named[0].file.name, "a.jpg");
  EXPECT_TRUE(named[1].file.empty());
  EXPECT_EQ(named[2].file.name, "a.jpg");
  EXPECT_EQ(named[3].file.name, "a.jpg");
}

TEST_F(PictureFinder, StaysInItsFolderButFollowsLinks) {
  add("a.jpg");
  write_file(temporary.path / "secret.jpg", "x");
  write_file(temporary.path / "linked.jpg", "x");
  EXPECT_EQ(find("../secret.jpg"), "(not there)");
  EXPECT_EQ(find((temporary.path / "secret.jpg").string()), "(not there)");
  EXPECT_EQ(find("../im/a.jpg"), "a.jpg");
  fs::create_symlink(temporary.path / "linked.jpg", folder / "b.jpg");
  EXPECT_EQ(find("b.jpg"), "b.jpg");
  EXPECT_PRED2(contains, error_of([&] { find_pictures(temporary.path / "none", {"a"}); }), "no folder");
}

TEST(NameKey, IsTheSameForBothSpellingsOfAccents) {
  EXPECT_EQ(name_key("\xc3\x84\xc3\xb6.PNG"), name_key("A\xcc\x88o\xcc\x88.png"));
  EXPECT_EQ(name_key("\xe1\xba\xa5"), name_key("a\xcc\x82\xcc\x81"));         // Vietnamese: two marks
  EXPECT_EQ(name_key("\xe3\x81\x8c"), name_key("\xe3\x81\x8b\xe3\x82\x99"));  // kana
  EXPECT_NE(name_key("a.png"), name_key("\xc3\xa4.png"));
  EXPECT_EQ(name_key("\xff\xc3"), "\xff\xc3");
}

}  // namespace hqsam
