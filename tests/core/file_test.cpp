// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <string_view>
#include <thread>

#include "errors.h"
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

TEST_F(FileTest, TakesTheLongestNameThatTheFolderTakes) {
  const std::string name(255, 'n'), letters = "\xc3\xa4";  // two bytes each
  write_file(folder_ / name, "long");
  EXPECT_EQ(read_file(folder_ / name), "long");
  std::string many = "x";
  while (many.size() < 255) many += letters;
  AtomicFile file(folder_ / many);
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const std::string unfinished = entry.path().filename().string();
    if (!unfinished.ends_with(".tmp")) continue;
    EXPECT_LE(unfinished.size(), 130u);
    EXPECT_TRUE(unfinished.starts_with(many.substr(0, 99) + ".")) << unfinished;  // whole letters
  }
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
  EXPECT_THROW(FileBytes(folder_ / "missing.txt"), Error);
}

TEST_F(FileTest, ReadsAFileWhole) {
  write_file(folder_ / "a.bin", "abc");
  const FileBytes file(folder_ / "a.bin");
  EXPECT_EQ(file.text(), "abc");
  std::string large(40 << 20, 'x');  // in huge pages
  large.back() = 'y';
  write_file(folder_ / "large.bin", large);
  EXPECT_TRUE(FileBytes(folder_ / "large.bin").text() == large);
  write_file(folder_ / "empty.bin", "");
  EXPECT_EQ(error_of([&] { FileBytes(folder_ / "empty.bin"); }),
            "[read_file] " + (folder_ / "empty.bin").string() + " is empty");
}

TEST_F(FileTest, ReadsRegularFilesAlone) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  fs::create_directory(folder_ / "folder");
  fs::create_symlink("/dev/zero", folder_ / "link");
  const std::pair<fs::path, std::string> odd[] = {{folder_ / "pipe", "a FIFO (a pipe)"},
                                                  {folder_ / "folder", "a folder"},
                                                  {folder_ / "link", "a device"},
                                                  {"/dev/zero", "a device"}};
  for (const auto& [path, kind] : odd) {
    const std::string expected = "[read_file] " + path.string() + " is " + kind + ", expected a file";
    EXPECT_EQ(error_of([&, &path = path] { read_file(path); }), expected);
    EXPECT_EQ(error_of([&, &path = path] { FileBytes{path}; }), expected);
  }
}

TEST_F(FileTest, ReadsNoMoreOfATextThanIsAllowed) {
  write_file(folder_ / "a.txt", "12345");
  EXPECT_EQ(read_file(folder_ / "a.txt", 5), "12345");
  EXPECT_TRUE(contains(error_of([&] { read_file(folder_ / "a.txt", 4); }), "has 5 bytes, at most 4 are read"));
  EXPECT_TRUE(contains(read_file("/proc/self/status"), "Name:"));  // states a size of 0
  EXPECT_TRUE(contains(error_of([] { read_file("/proc/self/status", 4); }), "at most 4 are read"));
}

TEST_F(FileTest, SaysThatAFileChangedWhileItWasRead) {
  const fs::path path = folder_ / "a.bin";
  const std::string expected = "[read_file] " + path.string() + " changed while it was read: try again";
  write_file(path, "abcdef");
  const OpenFile shrinks(path);
  fs::resize_file(path, 3);
  std::array<std::byte, 6> bytes;
  EXPECT_EQ(error_of([&] { shrinks.read(0, bytes); }), expected);
  EXPECT_EQ(error_of([&] { shrinks.check_unchanged(); }), expected);

  write_file(path, "abcdef");
  const OpenFile rewritten(path);
  rewritten.read(0, bytes);
  rewritten.check_unchanged();
  std::ofstream(path) << "ABCDEF";
  fs::last_write_time(path, fs::last_write_time(path) + std::chrono::seconds(1));
  EXPECT_EQ(error_of([&] { rewritten.check_unchanged(); }), expected);

  write_file(path, "abcdef");
  const OpenFile replaced(path);
  write_file(path, "ABCDEF");  // another file of this name
  replaced.read(0, bytes);
  replaced.check_unchanged();
  EXPECT_EQ(static_cast<char>(bytes[0]), 'a');
}

// A file that another thread cuts and writes anew all the time: read as one of the two or an Error, never a signal.
TEST_F(FileTest, OutlivesAFileThatIsRewrittenAllTheTime) {
  const fs::path path = folder_ / "a.bin";
  const std::string whole(3'000'000, 'x');
  std::atomic<bool> done = false;
  std::thread writer([&] {
    while (!done) std::ofstream(path, std::ios::binary).write(whole.data(), static_cast<std::streamsize>(whole.size()));
  });
  int read = 0, refused = 0;
  for (int i = 0; i < 300; ++i) {
    try {
      const FileBytes file(path);
      EXPECT_EQ(file.text().find_first_not_of('x'), std::string_view::npos);
      ++read;
    } catch (const Error&) {
      ++refused;
    }
  }
  done = true;
  writer.join();
  EXPECT_EQ(read + refused, 300);
  EXPECT_GT(refused, 0);
}

}  // namespace hqsam
