// SPDX-License-Identifier: Apache-2.0
#include "hqsam/tensorfile/file_parts.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "errors.h"
#include "hqsam/tensorfile/tensor_map.h"
#include "temporary_folder.h"
#include "write_tensors.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

class FilePartsTest : public testing::Test {
 protected:
  testing_support::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path;
};

TEST_F(FilePartsTest, ReadsWhatIsAskedForAndNothingBeyondTheEnd) {
  write_file(folder_ / "a", "abcdef");
  const FileParts file(std::make_shared<const OpenFile>(folder_ / "a"));
  const auto middle = file.part(2, 3);
  const auto text = [](std::span<const std::byte> part) {
    return std::string(reinterpret_cast<const char*>(part.data()), part.size());
  };
  EXPECT_EQ(file.size(), 6u);
  EXPECT_EQ(text(file.front(100)), "abcdef");
  EXPECT_EQ(text(middle), "cde");
  EXPECT_EQ(text(file.part(6, 0)), "");
  EXPECT_TRUE(contains(error_of([&] { file.part(4, 3); }), "ends at byte 6, but 3 bytes were expected at byte 4"));
  EXPECT_TRUE(contains(error_of([&] { file.part(UINT64_MAX, 2); }), "ends at byte 6"));
}

TEST_F(FilePartsTest, WhatBecomesOfTheFileLaterChangesNoTensor) {
  for (const char* name : {"a.pth", "a.safetensors"}) {
    const fs::path path = folder_ / name;
    TensorMap map;
    map.set("x", torch::arange(5000));
    write_tensors(path, map);
    const TensorMap back = read_tensors(path);
    std::ofstream(path, std::ios::binary) << std::string(fs::file_size(path), 'z');  // the same file, in place
    fs::resize_file(path, 10);
    EXPECT_TRUE(torch::equal(back.at("x"), torch::arange(5000))) << name;
  }
}

TEST_F(FilePartsTest, TensorsOfOneStorageShareMemory) {
  TensorMap map;
  const torch::Tensor both = torch::arange(10, torch::kFloat);
  map.set("a", both.slice(0, 0, 5));
  map.set("b", both.slice(0, 5, 10));
  write_pth(folder_ / "a.pth", map);
  const TensorMap back = read_pth(folder_ / "a.pth");
  for (const char* name : {"a", "b"}) EXPECT_TRUE(torch::equal(back.at(name), map.at(name))) << name;
}

TEST_F(FilePartsTest, RefusesWhatIsNoRegularFile) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe.pth").c_str(), 0600), 0);
  EXPECT_EQ(error_of([&] { read_tensors(folder_ / "pipe.pth"); }),
            "[read_file] " + (folder_ / "pipe.pth").string() + " is a FIFO (a pipe), expected a file");
  write_file(folder_ / "empty.pth", "");
  EXPECT_TRUE(contains(error_of([&] { read_tensors(folder_ / "empty.pth"); }), "empty.pth is empty"));
}

// Another thread copies one of two files over the one that is read, in place: the whole of one comes back, or an Error.
TEST_F(FilePartsTest, OutlivesAFileThatIsRewrittenAllTheTime) {
  const fs::path path = folder_ / "a.safetensors";
  TensorMap map;
  map.set("x", torch::full({300'000}, 7));
  write_safetensors(folder_ / "whole.safetensors", map);
  const std::string whole = read_file(folder_ / "whole.safetensors");
  write_file(path, whole);
  std::atomic<bool> done = false;
  std::thread writer([&] {
    while (!done) {
      std::ofstream(path, std::ios::binary).write(whole.data(), static_cast<std::streamsize>(whole.size()));
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    try {
      const TensorMap back = read_tensors(path);
      EXPECT_TRUE(torch::equal(back.at("x"), map.at("x")));
    } catch (const Error& error) {
      EXPECT_TRUE(contains(error.what(), path.string())) << error.what();
      ++refused;
    }
  }
  done = true;
  writer.join();
  EXPECT_LE(refused, 200);
}

}  // namespace
}  // namespace hqsam
