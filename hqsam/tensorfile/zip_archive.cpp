// SPDX-License-Identifier: Apache-2.0
#include "hqsam/tensorfile/zip_archive.h"

#include <zlib.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <unordered_set>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/tensorfile/byte_reader.h"
#include "hqsam/tensorfile/tensor_index.h"

namespace hqsam {
namespace {

constexpr const char* kFunction = "read_pth";
constexpr uint32_t kLocalHeader = 0x04034b50, kDirectoryEntry = 0x02014b50, kEnd = 0x06054b50;
constexpr uint32_t kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50;
constexpr size_t kEndBytes = 22, kEnd64Bytes = 56, kLocatorBytes = 20, kEntryBytes = 46, kLocalBytes = 30;
constexpr uint64_t kMaxRecords = 1 << 20;

struct Directory {
  uint64_t begin = 0, size = 0, count = 0;
};

uint32_t signature_at(std::span<const std::byte> bytes, uint64_t position) {
  uint32_t signature = 0;
  std::memcpy(&signature, bytes.data() + position, sizeof signature);
  return signature;
}

// The end record stands at the file's end, before a comment of at most 65535 bytes.
std::optional<uint64_t> find_end_record(const FileParts& file) {
  const uint64_t count = std::min<uint64_t>(file.size(), kEndBytes + 0xffff), begin = file.size() - count;
  const auto tail = file.part(begin, count);
  for (uint64_t at = count < kEndBytes ? 0 : count - kEndBytes + 1; at-- > 0;) {
    if (signature_at(tail, at) != kEnd) continue;
    uint16_t comment = 0;
    std::memcpy(&comment, tail.data() + at + 20, sizeof comment);
    if (at + kEndBytes + comment == count) return begin + at;
  }
  return std::nullopt;
}

Directory find_directory(const FileParts& file) {
  const auto end = find_end_record(file);
  if (!end) fail(kFunction, "the zip directory is missing: the file is cut, fetch it again");
  Directory directory;
  uint64_t limit = *end;
  uint64_t disks = 0;
  if (*end >= kLocatorBytes && signature_at(file.part(*end - kLocatorBytes, 4), 0) == kEnd64Locator) {
    ByteReader locator(file.part(*end - kLocatorBytes, kLocatorBytes), "the zip64 locator");
    locator.take(4);
    disks |= locator.number<uint32_t>();
    const auto end64 = locator.number<uint64_t>();
    limit = *end - kLocatorBytes;
    if (limit < kEnd64Bytes || end64 > limit - kEnd64Bytes || signature_at(file.part(end64, 4), 0) != kEnd64) {
      fail(kFunction, "the zip64 end record is not at byte {}: the file is damaged", end64);
    }
    ByteReader reader(file.part(end64, kEnd64Bytes), "the zip64 end record");
    reader.take(16);
    disks |= reader.number<uint32_t>() | reader.number<uint32_t>();
    reader.take(8);
    directory.count = reader.number<uint64_t>();
    directory.size = reader.number<uint64_t>();
    directory.begin = reader.number<uint64_t>();
    limit = end64;
  } else {
    ByteReader reader(file.part(*end, kEndBytes), "the zip end record");
    reader.take(4);
    disks |= reader.number<uint16_t>() | reader.number<uint16_t>();
    reader.take(2);
    directory.count = reader.number<uint16_t>();
    directory.size = reader.number<uint32_t>();
    directory.begin = reader.number<uint32_t>();
  }
  if (disks != 0 || directory.begin > limit || directory.size > limit - directory.begin ||
      directory.count > std::min(directory.size / kEntryBytes, kMaxRecords)) {
    fail(kFunction, "the zip directory ({} records, bytes {} + {}) does not fit: the file is damaged", directory.count,
         directory.begin, directory.size);
  }
  return directory;
}

struct DirectoryEntry {
  uint16_t flags = 0, method = 0;
  uint32_t crc = 0;
  uint64_t stored_bytes = 0, bytes = 0, local_header = 0;
  std::string_view name;
};

// The zip64 extra field holds, in this order, those of the three that do not fit into 32 bits.
void apply_zip64(DirectoryEntry& entry, ByteReader extra) {
  while (extra.remaining() >= 4) {
    const auto id = extra.number<uint16_t>();
    ByteReader field(extra.take(extra.number<uint16_t>()), "a zip64 field");
    if (id != 1) continue;
    for (uint64_t* value : {&entry.bytes, &entry.stored_bytes, &entry.local_header}) {
      if (*value == 0xffffffff) *value = field.number<uint64_t>();
    }
    return;
  }
}

DirectoryEntry read_entry(ByteReader& reader) {
  if (reader.number<uint32_t>() != kDirectoryEntry) {
    fail(kFunction, "the zip directory has no entry at its byte {}: the file is damaged", reader.position() - 4);
  }
  DirectoryEntry entry;
  reader.take(4);
  entry.flags = reader.number<uint16_t>();
  entry.method = reader.number<uint16_t>();
  reader.take(4);
  entry.crc = reader.number<uint32_t>();
  entry.stored_bytes = reader.number<uint32_t>();
  entry.bytes = reader.number<uint32_t>();
  const auto name_bytes = reader.number<uint16_t>();
  const auto extra_bytes = reader.number<uint16_t>();
  const auto comment_bytes = reader.number<uint16_t>();
  reader.take(8);
  entry.local_header = reader.number<uint32_t>();
  entry.name = as_text(reader.take(name_bytes));
  apply_zip64(entry, ByteReader(reader.take(extra_bytes), "a zip extra field"));
  reader.take(comment_bytes);
  return entry;
}

// The record's bytes stand behind its local header, whose name and extra field have their own lengths.
ZipRecord locate(const FileParts& file, const DirectoryEntry& entry, uint64_t records_end) {
  if (entry.flags & 1) fail(kFunction, "record '{}' is encrypted", shown_short(entry.name));
  if (entry.method != 0 || entry.stored_bytes != entry.bytes) {
    fail(kFunction,
         "record '{}' is compressed, expected stored records as torch.save writes them: unpack "
         "the archive where it holds files, or save the weights again in Python with torch.save(model.state_dict(), "
         "path)",
         shown_short(entry.name));
  }
  const uint64_t header_bytes = kLocalBytes + entry.name.size();
  if (entry.local_header > records_end || header_bytes > records_end - entry.local_header) {
    fail(kFunction, "record '{}' begins at byte {} of {}: the file is damaged", shown_short(entry.name),
         entry.local_header, records_end);
  }
  ByteReader reader(file.part(entry.local_header, header_bytes), "a zip record's header");
  const auto signature = reader.number<uint32_t>();
  reader.take(22);
  const auto name_bytes = reader.number<uint16_t>();
  const auto extra_bytes = reader.number<uint16_t>();
  if (signature != kLocalHeader || name_bytes != entry.name.size() || as_text(reader.take(name_bytes)) != entry.name) {
    fail(kFunction, "record '{}' has no header of its own at byte {}: the file is damaged", shown_short(entry.name),
         entry.local_header);
  }
  const uint64_t begin = entry.local_header + header_bytes + extra_bytes;
  if (begin > records_end || entry.bytes > records_end - begin) {
    fail(kFunction, "record '{}' has {} bytes from byte {}, but the records end at byte {}: the file is damaged",
         shown_short(entry.name), entry.bytes, begin, records_end);
  }
  return {entry.name, begin, entry.bytes, entry.crc};
}

}  // namespace

uint32_t crc32(std::span<const std::byte> bytes) {
  return static_cast<uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

bool ZipArchive::looks_like_zip(std::span<const std::byte> front) {
  return front.size() >= 4 && signature_at(front, 0) == kLocalHeader;
}

ZipArchive::ZipArchive(FileParts file) : file_(std::move(file)) {
  const Directory directory = find_directory(file_);
  ByteReader reader(file_.part(directory.begin, directory.size), "the zip directory");
  std::unordered_set<std::string_view> names;
  for (uint64_t i = 0; i < directory.count; ++i) {
    const DirectoryEntry entry = read_entry(reader);
    if (!names.insert(entry.name).second) {
      fail(kFunction, "record '{}' appears twice: the file is damaged", shown_short(entry.name));
    }
    records_.push_back(locate(file_, entry, directory.begin));
    local_headers_.push_back(entry.local_header);
  }
  check_overlaps();
}

// Refuses overlapping records, with which a small file could claim much memory.
void ZipArchive::check_overlaps() const {
  std::vector<size_t> order(records_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return local_headers_[a] < local_headers_[b]; });
  uint64_t end = 0;
  for (const size_t i : order) {
    if (local_headers_[i] < end) {
      fail(kFunction, "record '{}' lies inside another one: the file is damaged", shown_short(records_[i].name));
    }
    end = records_[i].begin + records_[i].bytes;
  }
}

const ZipRecord* ZipArchive::find(std::string_view name) const {
  const auto found =
      std::find_if(records_.begin(), records_.end(), [&](const ZipRecord& record) { return record.name == name; });
  return found == records_.end() ? nullptr : &*found;
}

std::span<const std::byte> ZipArchive::checked(std::string_view name) const {
  const ZipRecord* record = find(name);
  if (record == nullptr) {
    fail(kFunction, "the archive has no record '{}': it was not written by torch.save", shown_short(name));
  }
  const auto bytes = file_.part(record->begin, record->bytes);
  if (record->crc != 0 && crc32(bytes) != record->crc) {
    fail(kFunction, "record '{}' has a wrong checksum: the file is damaged, fetch it again", shown_short(name));
  }
  return bytes;
}

}  // namespace hqsam
