// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/tensorboard.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <numeric>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/image/codec.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

template <class Number>
Number number_at(std::string_view bytes, size_t at) {
  Number value;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

uint32_t masked(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8U; }

// The payloads of a file's records, whose lengths and CRCs must be right.
std::vector<std::string> records_of(const std::string& file) {
  std::vector<std::string> records;
  for (size_t at = 0; at < file.size();) {
    const auto length = number_at<uint64_t>(file, at);
    EXPECT_EQ(number_at<uint32_t>(file, at + 8), masked(crc32c(file.substr(at, 8))));
    records.push_back(file.substr(at + 12, length));
    EXPECT_EQ(number_at<uint32_t>(file, at + 12 + length), masked(crc32c(records.back())));
    at += 16 + length;
  }
  return records;
}

class TensorBoard : public ::testing::Test {
 protected:
  testing_support::TemporaryFolder temporary;
  const std::filesystem::path folder = temporary.path;
};

}  // namespace

TEST(Crc32c, IsThatOfRfc3720) {
  EXPECT_EQ(crc32c(""), 0U);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
  std::string ascending(32, '\0');
  std::iota(ascending.begin(), ascending.end(), '\0');
  EXPECT_EQ(crc32c(ascending), 0x46DD794EU);
}

TEST(TfRecord, FramesBytesWithMaskedSums) {
  const std::string record = tfrecord("123456789");
  ASSERT_EQ(record.size(), 8U + 4 + 9 + 4);
  EXPECT_EQ(number_at<uint64_t>(record, 0), 9U);
  EXPECT_EQ(record.substr(12, 9), "123456789");
  EXPECT_EQ(number_at<uint32_t>(record, 21), masked(0xE3069283U));
}

TEST_F(TensorBoard, BeginsWithTheFileVersion) {
  const TensorBoardWriter writer(folder / "deeper");
  const auto records = records_of(read_file(writer.path()));
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].substr(0, 1), "\x09");  // wall_time, 8 bytes
  EXPECT_EQ(records[0].substr(9), std::string("\x10\x00", 2) +
                                      "\x1A\x0D"
                                      "brain.Event:2");  // step 0, file_version
}

TEST_F(TensorBoard, HasEveryScalarOnDiskAtOnce) {
  TensorBoardWriter writer(folder);
  const std::vector<TensorBoardWriter::Scalar> values = {{"loss", 0.5}, {"lr", -2}};
  writer.scalars(300, values);
  auto records = records_of(read_file(writer.path()));
  ASSERT_EQ(records.size(), 2U);
  const std::string loss = std::string("\x0A\x0B\x0A\x04loss\x15") + std::string("\x00\x00\x00\x3F", 4);
  const std::string lr = std::string("\x0A\x09\x0A\x02lr\x15") + std::string("\x00\x00\x00\xC0", 4);
  EXPECT_EQ(records[1].substr(9), "\x10\xAC\x02\x2A\x18" + loss + lr);  // step 300, summary of 24 bytes
  writer.scalars(301, {});
  EXPECT_EQ(records_of(read_file(writer.path())).size(), 2U);
  writer.scalars(-1, values);
  records = records_of(read_file(writer.path()));
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[2].substr(9, 11), "\x10" + std::string(9, '\xFF') + "\x01");
}

TEST_F(TensorBoard, KeepsPicturesAsPng) {
  TensorBoardWriter writer(folder);
  Image image(3, 5, 3, 90);
  image.at(1, 2)[0] = 200;
  writer.image(7, "samples/a", image);
  const std::string record = records_of(read_file(writer.path())).at(1);
  EXPECT_NE(record.find(std::string("\x0A\x09samples/a")), std::string::npos);
  EXPECT_NE(record.find(std::string("\x08\x03\x10\x05\x18\x03\x22")), std::string::npos);  // height, width, RGB
  const std::string png = record.substr(record.find("\x89PNG"));
  EXPECT_EQ(decode_image(std::as_bytes(std::span(png)), "png"), image);
}

TEST_F(TensorBoard, StartsAResumedRunInANewFileWithThePurgeStep) {
  const TensorBoardWriter first(folder), second(folder, 40);
  EXPECT_LT(first.path(), second.path());
  const auto records = records_of(read_file(second.path()));
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1].substr(9), "\x10\x28\x3A\x02\x08\x01");  // step 40, session_log: START
}

TEST_F(TensorBoard, SaysWhereItCannotWrite) {
  write_file(folder / "file", "");
  try {
    const TensorBoardWriter writer(folder / "file");
    ADD_FAILURE() << "wrote into a file";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("file/events.out"), std::string::npos) << error.what();
  }
}

TEST_F(TensorBoard, CutsBackARecordThatTheDiskHasNoRoomFor) {
  TensorBoardWriter writer(folder);
  const std::vector<TensorBoardWriter::Scalar> values = {{"loss", 0.5}};
  writer.scalars(1, values);
  const auto before = std::filesystem::file_size(writer.path());
  struct rlimit old {};
  getrlimit(RLIMIT_FSIZE, &old);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit low { before + 10, old.rlim_max };
  setrlimit(RLIMIT_FSIZE, &low);
  EXPECT_THROW(writer.scalars(2, values), Error);
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(std::filesystem::file_size(writer.path()), before);
  writer.scalars(3, values);
  EXPECT_EQ(records_of(read_file(writer.path())).size(), 3U);
}

}  // namespace hqsam
