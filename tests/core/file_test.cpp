// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "hqsam/core/error.h"
#include "temporary_folder.h"

namespace hqsam {
namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  size_t files() const { return std::distance(fs::directory_iterator(folder_), fs::directory_iterator()); }
  testing_support::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path;
};

TEST_F(FileTest, AppearsOnlyOnCommit) {
  {
    AtomicFile file(folder_ / "a.txt");
    file.write("half");
    EXPECT_FALSE(fs::exists(folder_ / "a.txt"));
  }
  EXPECT_EQ(files(), 0u);
  write_file(folder_ / "a.txt", "whole");
  EXPECT_EQ(read_file(folder_ / "a.txt"), "whole");
  EXPECT_EQ(files(), 1u);
}

TEST_F(FileTest, SaysWhyAFileCannotBeReadToItsEnd) {
  try {
    read_file("/proc/self/mem");  // an input/output error at the first byte
    ADD_FAILURE() << "no Error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("cannot read /proc/self/mem: "), std::string::npos) << error.what();
  }
  const std::string large(200'001, 'x');
  write_file(folder_ / "large.txt", large);
  EXPECT_TRUE(read_file(folder_ / "large.txt") == large);
  write_file(folder_ / "empty.txt", "");
  EXPECT_EQ(read_file(folder_ / "empty.txt"), "");
}

TEST_F(FileTest, KeepsTheOldFileWhenTheDiskIsFull) {
  write_file(folder_ / "a.txt", "old");
  rlimit old_limit{};
  getrlimit(RLIMIT_FSIZE, &old_limit);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{1000, old_limit.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  EXPECT_THROW(write_file(folder_ / "a.txt", std::string(5000, 'x')), Error);
  setrlimit(RLIMIT_FSIZE, &old_limit);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(read_file(folder_ / "a.txt"), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(FileTest, NamesTheMissingFile) {
  try {
    read_file(folder_ / "missing.txt");
    FAIL() << "expected an Error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("missing.txt"), std::string::npos);
  }
  EXPECT_THROW(MappedFile(folder_ / "missing.txt"), Error);
}

TEST_F(FileTest, MapsAFileWhole) {
  write_file(folder_ / "a.bin", "abc");
  const MappedFile file(folder_ / "a.bin");
  ASSERT_EQ(file.bytes().size(), 3u);
  EXPECT_EQ(static_cast<char>(file.bytes()[2]), 'c');
}

}  // namespace hqsam
