// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
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

// Files are read into memory of our own and never mapped: who rewrites or truncates a file while it is read gives an
// Error, and none who does so later changes what was read. Only regular files are read: FIFOs, devices, sockets and
// folders are an Error that says what they are, at once.

// A regular file that is open for reading at any place.
class OpenFile {
 public:
  // Throws Error with the path where it is missing, no regular file, or may not be read.
  explicit OpenFile(std::filesystem::path path);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  uint64_t size() const { return size_; }  // bytes, when it was opened
  // Fills `to` with the bytes from `offset` on. Throws Error where the disk gives none, or where the file ends before.
  void read(uint64_t offset, std::span<std::byte> to) const;
  // Throws Error where the file's size or time of writing is not what it was when it was opened.
  void check_unchanged() const;

 private:
  friend std::string read_file(const std::filesystem::path& path, uint64_t max_bytes);
  size_t read_some(uint64_t offset, std::span<std::byte> to) const;  // 0: the end
  [[noreturn]] void fail_as_changed() const;

  std::filesystem::path path_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
  timespec written_{};
};

inline constexpr uint64_t kMaxTextBytes = 64 << 20;  // of configs, prompts, lists
inline constexpr uint64_t kAnySize = UINT64_MAX;     // for what grows with a run or a data set

// Reads a whole file. Throws Error as OpenFile, where it changes meanwhile, and where it has more than max_bytes.
std::string read_file(const std::filesystem::path& path, uint64_t max_bytes = kMaxTextBytes);

// Memory of a fixed size, at a multiple of 64 bytes and of any value at first. Throws Error where there is not as much.
class Memory {
 public:
  explicit Memory(size_t size);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  std::span<std::byte> bytes() { return {data_, size_}; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  std::byte* data_ = nullptr;
  size_t size_ = 0;
};

// A whole file in memory. Throws Error as OpenFile, where it is empty, and where it changes while it is read.
class FileBytes {
 public:
  explicit FileBytes(const std::filesystem::path& path) : FileBytes(OpenFile(path)) {}

  std::span<const std::byte> bytes() const { return memory_.bytes(); }
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes().data()), bytes().size()}; }

 private:
  explicit FileBytes(const OpenFile& file);

  Memory memory_;
};

}  // namespace hqsam
