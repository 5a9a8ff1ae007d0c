// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "data/fixtures.h"
#include "hqsam/core/clock.h"
#include "hqsam/core/file.h"
#include "hqsam/data/shards.h"
#include "hqsam/data/tar_index.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

std::string octal(int64_t value, int digits) { return fmt::format("{:0{}o}", value, digits) + '\0'; }

void seal(std::string& block) {
  block.replace(148, 8, 8, ' ');
  int64_t sum = 0;
  for (const unsigned char c : block) sum += c;
  block.replace(148, 8, octal(sum, 6) + ' ');
}

// A header; its size is that of content.
std::string header(const std::string& name, const std::string& size, char type = '0', const std::string& prefix = "") {
  std::string block(512, '\0');
  block.replace(0, name.size(), name);
  block.replace(100, 8, octal(0644, 7));
  block.replace(124, size.size(), size);
  block[156] = type;
  block.replace(257, 8, std::string("ustar\00000", 8));
  block.replace(345, prefix.size(), prefix);
  seal(block);
  return block;
}

std::string padded(std::string content) {
  content.resize((content.size() + 511) / 512 * 512, '\0');
  return content;
}

std::string member(const std::string& name, const std::string& content, char type = '0',
                   const std::string& prefix = "") {
  return header(name, octal(static_cast<int64_t>(content.size()), 11), type, prefix) + padded(content);
}

std::string pax(const std::string& key, const std::string& value) {
  const std::string record = " " + key + "=" + value + "\n";
  size_t length = record.size() + 1;
  while (std::to_string(length).size() + record.size() != length) ++length;
  return std::to_string(length) + record;
}

const std::string kEnd(1024, '\0');

class Tar : public ::testing::Test {
 protected:
  fs::path write(const std::string& content, const std::string& name = "a.tar") {
    write_file(folder.path / name, content);
    return folder.path / name;
  }
  std::vector<std::string> names(const std::string& content) {
    std::vector<std::string> list;
    for (const DataFile& file : files_in_tar(write(content))) list.push_back(file.name);
    return list;
  }
  std::string error(const std::string& content) {
    return error_of([&] { files_in_tar(write(content)); });
  }

  testing_support::TemporaryFolder folder;
};

TEST_F(Tar, FindsMembersWhereTheyLie) {
  const auto files = files_in_tar(
      write(member("./a.jpg", "abc") + member("b/", "", '5') + member("b/c.json", std::string(600, 'x')) + kEnd));
  ASSERT_EQ(files.size(), 2);
  EXPECT_EQ(files[0].name, "a.jpg");
  EXPECT_EQ(files[0].offset, 512);
  EXPECT_EQ(DataBytes(files[0]).text(), "abc");
  EXPECT_EQ(files[1].name, "b/c.json");
  EXPECT_EQ(DataBytes(files[1]).text(), std::string(600, 'x'));
}

TEST_F(Tar, ReadsLongNamesOfEveryKind) {
  const std::string name(150, 'n'), folders(100, 'f');
  const std::vector<std::string> expected = {name + ".jpg"};
  EXPECT_EQ(names(member("././@LongLink", name + ".jpg" + '\0', 'L') + member("n", "x") + kEnd), expected);
  EXPECT_EQ(names(member("p", pax("path", name + ".jpg") + pax("mtime", "1.5"), 'x') + member("n", "x") + kEnd),
            expected);
  EXPECT_EQ(names(member("n.jpg", "x", '0', folders) + kEnd), std::vector<std::string>{folders + "/n.jpg"});
  // A name serves the next member alone.
  EXPECT_EQ(names(member("L", name + ".jpg", 'L') + member("n", "x") + member("m", "y") + kEnd),
            (std::vector<std::string>{name + ".jpg", "m"}));
}

TEST_F(Tar, ReadsSizesOfEveryKind) {
  const std::string base256 = std::string("\x80\0\0\0\0\0\0\0\0\0\0\3", 12);
  EXPECT_EQ(DataBytes(files_in_tar(write(header("a", base256) + padded("abc") + kEnd)).at(0)).text(), "abc");
  EXPECT_EQ(DataBytes(files_in_tar(write(header("a", "         3 ") + padded("abc") + kEnd)).at(0)).text(), "abc");
  const std::string stated =
      member("p", pax("size", "3"), 'x') + header("a", octal(0, 11)) + padded("abc") + member("b", "x");
  EXPECT_EQ(DataBytes(files_in_tar(write(stated + kEnd)).at(0)).text(), "abc");
}

TEST_F(Tar, LeavesOutLinksAndNamesThatLeadElsewhere) {
  EXPECT_EQ(names(member("../x.jpg", "x") + member("a/../../x.jpg", "x") + member("l.jpg", "", '2') +
                  member("/etc/a.jpg", "x") + member("._a.jpg", "x") + member("b\nc.jpg", "x") + kEnd),
            std::vector<std::string>{"etc/a.jpg"});
}

TEST_F(Tar, TakesTheLastOfTwoMembersOfOneName) {
  const auto files = files_in_tar(write(member("a", "old") + member("b", "x") + member("a", "new") + kEnd));
  ASSERT_EQ(files.size(), 2);
  EXPECT_EQ(files[0].name, "b");
  EXPECT_EQ(DataBytes(files[1]).text(), "new");
}

TEST_F(Tar, SaysWhereAnArchiveIsCutOff) {
  const std::string whole = member("a.jpg", "abc") + member("b.jpg", std::string(2000, 'x')) + kEnd;
  EXPECT_TRUE(contains(error(whole.substr(0, 2000)), "is cut off: 'b.jpg' should have 2000 bytes from byte 1536"));
  EXPECT_TRUE(contains(error(whole.substr(0, 1100)), "is cut off: it ends at byte 1100 within a header"));
  EXPECT_EQ(names(whole.substr(0, whole.size() - kEnd.size())).size(), 2);  // a writer that did not close it
}

TEST_F(Tar, SaysWhatIsNoTar) {
  EXPECT_TRUE(contains(error("\x1f\x8b" + std::string(600, 'x')), "compressed by gzip"));
  EXPECT_TRUE(contains(error("\x28\xb5\x2f\xfd" + std::string(600, 'x')), "compressed by zstd"));
  EXPECT_TRUE(contains(error("<html>"), "is not a tar"));
  EXPECT_TRUE(contains(error(std::string(2000, 'x')), "is not a tar"));
  EXPECT_TRUE(contains(error(""), "is empty"));
  std::string damaged = member("a.jpg", "abc") + member("b.jpg", "abc") + kEnd;
  damaged[1024] = 'c';
  EXPECT_TRUE(contains(error(damaged), "the header at byte 1024 is none, or its checksum is wrong"));
  EXPECT_TRUE(contains(error(member("a.jpg", "abc", 'S') + kEnd), "'a.jpg' is a sparse member"));
  EXPECT_TRUE(contains(error(member("p", pax("GNU.sparse.major", "1"), 'x') + member("a", "x") + kEnd), "sparse"));
  EXPECT_TRUE(contains(error(member("p", "99999 path=x", 'x') + member("a", "x") + kEnd), "malformed pax records"));
  EXPECT_TRUE(contains(error(header("L", octal(int64_t{1} << 30, 11), 'L') + kEnd), "is cut off"));
}

TEST_F(Tar, SaysThatArchivesWereJoinedByCat) {
  const std::string one = member("a.jpg", "abc") + kEnd;
  EXPECT_TRUE(contains(error(one + one), "ends at byte 1024, but another archive begins at byte 2048"));
}

TEST_F(Tar, IndexesTenThousandMembersAtOnce) {
  std::string content;
  for (int i = 0; i < 10'000; ++i) content += member(fmt::format("{:05}.jpg", i), "x");
  const fs::path path = write(content + kEnd);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(files_in_tar(path).size(), 10'000);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST_F(Tar, FindsShardsByPatternAndFolder) {
  for (const char* name : {"s-000.tar", "s-001.tar", "s-002.tar"}) write(member("a.jpg", "x") + kEnd, name);
  const auto names_of = [&](const std::string& images) {
    std::string list;
    for (const DataFile& file : files_of_shards(folder.path / images)) list += file.name + " ";
    return list;
  };
  EXPECT_EQ(names_of("s-{000..001}.tar"), "s-000/a.jpg s-001/a.jpg ");
  EXPECT_EQ(names_of("s-00{0,2}.tar"), "s-000/a.jpg s-002/a.jpg ");
  EXPECT_EQ(names_of("s-001.tar"), "s-001/a.jpg ");
  EXPECT_EQ(names_of(""), "s-000/a.jpg s-001/a.jpg s-002/a.jpg ");
  EXPECT_TRUE(contains(error_of([&] { names_of("s-{000..004}.tar"); }), "2 of 5 shards are not there"));
  EXPECT_TRUE(contains(error_of([&] { names_of("s-{a..c}.tar"); }), "expected {000..012}"));
  EXPECT_TRUE(names_shards(folder.path));
  EXPECT_TRUE(names_shards(folder.path / "s-{000..001}.tar"));
}

TEST_F(Tar, TellsShardsOfOneNameApart) {
  for (const char* name : {"x", "y"}) {
    fs::create_directories(folder.path / name);
    write(member("a.jpg", "x") + kEnd, std::string(name) + "/0.tar");
  }
  const auto files = files_of_shards(folder.path / "{x,y}" / "0.tar");
  ASSERT_EQ(files.size(), 2);
  EXPECT_NE(files[0].name, files[1].name);
}

TEST(SampleKey, EndsAtTheFirstDotOfTheLastPart) {
  EXPECT_EQ(sample_key("s.0/b.c/0001.seg.png"), "s.0/b.c/0001");
  EXPECT_EQ(sample_key("0001"), "0001");
}

}  // namespace
}  // namespace hqsam
