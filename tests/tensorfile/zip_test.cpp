// SPDX-License-Identifier: Apache-2.0
#include "fixtures.h"
#include "hqsam/tensorfile/zip_archive.h"

namespace hqsam {
namespace {

std::span<const std::byte> bytes_of(const std::string& content) {
  return std::as_bytes(std::span(content.data(), content.size()));
}

std::string as_string(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class Zip : public TempFolderTest {
 protected:
  std::string make() const {
    write_zip(folder_ / "a.zip", {{"a/one", "first"}, {"a/two", std::string(1000, 'x')}, {"a/three", ""}});
    return read_file(folder_ / "a.zip");
  }
  // Where the central directory's entry i begins.
  static size_t entry_at(const std::string& content, int i) {
    size_t at = content.find("PK\x01\x02");
    while (i-- > 0) at = content.find("PK\x01\x02", at + 1);
    return at;
  }
  static std::string message(const std::string& content) {
    return error_of([&] { const ZipArchive archive(bytes_of(content)); });
  }
};

TEST(Crc32, MatchesTheStandardsCheckValue) {
  EXPECT_EQ(crc32(bytes_of("123456789")), 0xcbf43926u);
  EXPECT_EQ(crc32(bytes_of("")), 0u);
  EXPECT_EQ(crc32(bytes_of("The quick brown fox jumps over the lazy dog")), 0x414fa339u);
}

TEST_F(Zip, ReadsWhatItWritesAndAlignsIt) {
  const std::string content = make();
  const ZipArchive archive(bytes_of(content));
  ASSERT_EQ(archive.records().size(), 3u);
  EXPECT_EQ(as_string(archive.checked("a/one")), "first");
  EXPECT_EQ(as_string(archive.checked("a/two")), std::string(1000, 'x'));
  EXPECT_EQ(archive.checked("a/three").size(), 0u);
  EXPECT_EQ(archive.find("a/four"), nullptr);
  EXPECT_THROW(archive.checked("a/four"), Error);
  for (const ZipRecord& record : archive.records()) {
    EXPECT_EQ(record.begin % 64, 0) << record.name;
  }
}

// As small archives are written by others: 32-bit fields only, no zip64 end record, a comment behind.
TEST_F(Zip, ReadsArchivesWithoutZip64AndWithAComment) {
  const std::string name = "a", data = "hello";
  const std::string crc = packed(crc32(bytes_of(data)));
  const std::string sizes = crc + packed<uint32_t>(5) + packed<uint32_t>(5) + packed<uint16_t>(1);
  const std::string version_to_date(10, '\0');
  const std::string local = "PK\x03\x04" + version_to_date + sizes + packed<uint16_t>(0) + name + data;
  const std::string entry = "PK\x01\x02" + std::string(2, '\0') + version_to_date + sizes + std::string(12, '\0') +
                            packed<uint32_t>(0) + name;
  const std::string end = "PK\x05\x06" + std::string(4, '\0') + packed<uint16_t>(1) + packed<uint16_t>(1) +
                          packed<uint32_t>(entry.size()) + packed<uint32_t>(local.size()) + packed<uint16_t>(3) + "bye";
  const std::string content = local + entry + end;
  const ZipArchive archive(bytes_of(content));
  EXPECT_EQ(as_string(archive.checked("a")), "hello");
}

TEST_F(Zip, FindsDamageInARecord) {
  std::string content = make();
  content[content.find("first")] ^= 1;
  const ZipArchive archive(bytes_of(content));
  EXPECT_TRUE(contains(error_of([&] { archive.checked("a/one"); }), "checksum"));
}

TEST_F(Zip, AcceptsRecordsWhoseChecksumWasLeftOut) {
  std::string content = make();
  patch(content, entry_at(content, 0) + 16, packed<uint32_t>(0));
  EXPECT_EQ(as_string(ZipArchive(bytes_of(content)).checked("a/one")), "first");
}

TEST_F(Zip, RefusesCompressedAndEncryptedRecords) {
  std::string content = make();
  patch(content, entry_at(content, 1) + 10, packed<uint16_t>(8));
  EXPECT_TRUE(contains(message(content), "'a/two' is compressed"));
  content = make();
  patch(content, entry_at(content, 1) + 8, packed<uint16_t>(1));
  EXPECT_TRUE(contains(message(content), "'a/two' is encrypted"));
}

TEST_F(Zip, RefusesLyingOffsets) {
  const std::string good = make();
  const size_t entry = entry_at(good, 0), end64 = good.find("PK\x06\x06"), locator = end64 + 56;
  const size_t zip64 = entry + 46 + 5 + 4;  // the sizes and the offset of the first record
  const std::vector<size_t> fields = {zip64, zip64 + 8, zip64 + 16, end64 + 32, end64 + 40, end64 + 48, locator + 8};
  for (const size_t field : fields) {
    for (const uint64_t lie : {~uint64_t{0}, uint64_t{1} << 63, uint64_t{good.size()}, uint64_t{good.size()} - 5,
                               uint64_t{0xffffffff}, uint64_t{77}}) {
      std::string content = good;
      patch(content, field, packed(lie));
      EXPECT_NE(message(content), "") << field << " " << lie;
    }
  }
}

TEST_F(Zip, RefusesOverlappingAndDoubledRecords) {
  const std::string good = make();
  const auto offset_of = [&](int i) { return entry_at(good, i) + 46 + (i == 2 ? 7 : 5) + 4 + 16; };
  std::string content = good;
  patch(content, entry_at(good, 1) + 46, "a/one");
  patch(content, offset_of(1), good.substr(offset_of(0), 8));
  EXPECT_TRUE(contains(message(content), "twice"));

  // A second header inside the bytes of the first record.
  const std::string inner = "PK\x03\x04" + std::string(22, '\0') + packed<uint16_t>(5) + packed<uint16_t>(0) + "a/two";
  write_zip(folder_ / "b.zip", {{"a/one", inner + "payload"}, {"a/two", "x"}});
  content = read_file(folder_ / "b.zip");
  patch(content, entry_at(content, 1) + 46 + 5 + 4 + 16, packed<uint64_t>(64));
  EXPECT_TRUE(contains(message(content), "inside another")) << message(content);
}

TEST_F(Zip, RefusesCutArchives) {
  const std::string good = make();
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_NE(message(good.substr(0, size)), "") << size;
  }
}

}  // namespace
}  // namespace hqsam
