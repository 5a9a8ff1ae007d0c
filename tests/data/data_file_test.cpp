// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/data_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "errors.h"
#include "hqsam/core/file.h"
#include "hqsam/data/folder_look.h"
#include "hqsam/data/json_stream.h"
#include "hqsam/data/tar_index.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

class DataFileTest : public testing::Test {
 protected:
  std::string path(const char* name) const { return (folder_ / name).string(); }

  testing_support::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path;
};

TEST_F(DataFileTest, AFolderWithAPipeOrADeviceInItIsRefused) {
  write_file(folder_ / "a.png", "a");
  EXPECT_EQ(files_in(folder_).size(), 1u);
  fs::create_directory(folder_ / "in");
  ASSERT_EQ(::mkfifo((folder_ / "in/b.png").c_str(), 0600), 0);
  EXPECT_EQ(error_of([&] { files_in(folder_); }),
            "[read_file] " + path("in/b.png") + " is a FIFO (a pipe), expected a file");
  fs::remove(folder_ / "in/b.png");
  fs::create_symlink("/dev/null", folder_ / "c.png");
  EXPECT_EQ(error_of([&] { files_in(folder_); }), "[read_file] " + path("c.png") + " is a device, expected a file");
  fs::rename(folder_ / "c.png", folder_ / ".c.png");  // hidden
  EXPECT_EQ(files_in(folder_).size(), 1u);
}

TEST_F(DataFileTest, APipeIsReadAsNoKindOfFile) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  const std::string expected = "[read_file] " + path("pipe") + " is a FIFO (a pipe), expected a file";
  const DataFile file{"pipe", folder_ / "pipe", -1, 0}, member{"a", folder_ / "pipe", 512, 3};
  EXPECT_EQ(error_of([&] { DataBytes{file}; }), expected);
  EXPECT_EQ(error_of([&] { DataBytes{member}; }), expected);
  EXPECT_EQ(error_of([&] { files_in_tar(folder_ / "pipe"); }), expected);
  EXPECT_EQ(error_of([&] { json_kind(folder_ / "pipe"); }), expected);
  EXPECT_EQ(error_of([&] { stream_json(folder_ / "pipe", [](const std::string&, const auto&) {}); }), expected);
}

TEST_F(DataFileTest, WhatWasReadStaysWhateverBecomesOfTheFile) {
  write_file(folder_ / "a.png", "whole");
  const DataBytes bytes(DataFile{"a.png", folder_ / "a.png", -1, 0});
  fs::resize_file(folder_ / "a.png", 0);
  EXPECT_EQ(bytes.text(), "whole");
}

TEST_F(DataFileTest, AShardThatShrankIsAnError) {
  write_file(folder_ / "s.tar", std::string(512, ' ') + "member");
  const DataFile member{"m", folder_ / "s.tar", 512, 6};
  EXPECT_EQ(DataBytes(member).text(), "member");
  fs::resize_file(folder_ / "s.tar", 515);
  EXPECT_TRUE(contains(error_of([&] { DataBytes{member}; }), "s.tar:m is cut off: its shard has changed"));
}

}  // namespace
}  // namespace hqsam
