// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace hqsam {

// The CRC-32 of zip files (polynomial 0xedb88320).
uint32_t crc32(std::span<const std::byte> bytes);

struct ZipRecord {
  std::string_view name;             // a view of the archive
  std::span<const std::byte> bytes;  // a view of the archive
  uint32_t crc = 0;                  // 0 where the writer left it out, as torch.save can be told to
};

// The directory of a zip archive whose records are stored, not compressed: what torch.save writes
// (APPNOTE.TXT 6.3.9, with the zip64 records). Throws Error where an offset leaves the file, records
// overlap, a name appears twice, or a record is compressed or encrypted.
class ZipArchive {
 public:
  explicit ZipArchive(std::span<const std::byte> file);

  static bool looks_like_zip(std::span<const std::byte> file);

  const std::vector<ZipRecord>& records() const { return records_; }
  const ZipRecord* find(std::string_view name) const;  // null where missing
  // The record's bytes, their CRC checked. Throws Error where it is missing or damaged.
  std::span<const std::byte> checked(std::string_view name) const;

 private:
  void check_overlaps() const;

  std::vector<ZipRecord> records_;
  std::vector<uint64_t> local_headers_;  // where each record's local header begins
  const std::byte* file_begin_ = nullptr;
};

}  // namespace hqsam
