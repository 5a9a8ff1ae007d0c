// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "hqsam/tensorfile/file_parts.h"

namespace hqsam {

// The CRC-32 of zip files (polynomial 0xedb88320).
uint32_t crc32(std::span<const std::byte> bytes);

struct ZipRecord {
  std::string_view name;          // a view of the directory, as long as the archive lives
  uint64_t begin = 0, bytes = 0;  // where its content lies in the file
  uint32_t crc = 0;               // 0 where the writer left it out, as torch.save can be told to
};

// The directory of a zip archive, which with the records' headers is all that is read of it, whose records are stored,
// not compressed: what torch.save writes (APPNOTE.TXT 6.3.9, with the zip64 records). Throws Error where an offset
// leaves the file, records overlap, a name appears twice, or a record is compressed or encrypted.
class ZipArchive {
 public:
  explicit ZipArchive(FileParts file);

  static bool looks_like_zip(std::span<const std::byte> front);

  const std::vector<ZipRecord>& records() const { return records_; }
  const ZipRecord* find(std::string_view name) const;  // null where missing
  // The record's bytes, their CRC checked. Throws Error where it is missing or damaged.
  std::span<const std::byte> checked(std::string_view name) const;

 private:
  void check_overlaps() const;

  FileParts file_;
  std::vector<ZipRecord> records_;
  std::vector<uint64_t> local_headers_;  // where each record's local header begins
};

}  // namespace hqsam
