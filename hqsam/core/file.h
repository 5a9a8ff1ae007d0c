// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace hqsam {

// A file that appears whole or not at all: bytes go to a temporary file in the same folder, and
// commit() flushes it to disk, renames it over the target and flushes the folder. Without commit()
// (an exception, a kill) the target stays as it was. Throws Error with the path and the system's reason.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* bytes, size_t count);
  void write(std::string_view text) { write(text.data(), text.size()); }
  void commit();

 private:
  [[noreturn]] void fail_with_errno(const char* what) const;

  std::filesystem::path path_, temporary_;
  int descriptor_ = -1;
};

// Writes a whole file through AtomicFile.
void write_file(const std::filesystem::path& path, std::string_view content);

// Reads all of a file once and throws Error where that fails: pages that a disk cannot give would end the process when
// they are touched through a map.
void require_readable(const std::filesystem::path& path);

// Reads a whole file. Throws Error when it is missing or unreadable.
std::string read_file(const std::filesystem::path& path);

// A file mapped privately: whoever writes into the memory has a copy of that page, the file stays as it is. Throws
// Error when it is missing, empty or unreadable.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace hqsam
