// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <random>
#include <vector>

#include "hqsam/core/error.h"

namespace hqsam {
namespace fs = std::filesystem;

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  temporary_ = path_;
  temporary_ += fmt::format(".{}{:010}.tmp", ::getpid(), std::random_device()());
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail_with_errno("cannot create");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* bytes, size_t count) {
  const char* at = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t written = ::write(descriptor_, at, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail_with_errno("cannot write");
    at += written;
    count -= static_cast<size_t>(written);
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail_with_errno("cannot flush");
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int reason = errno;
    ::unlink(temporary_.c_str());
    errno = reason;
    fail_with_errno("cannot finish");
  }
  const fs::path folder = path_.has_parent_path() ? path_.parent_path() : fs::path(".");
  const int folder_descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_descriptor >= 0) {
    ::fsync(folder_descriptor);
    ::close(folder_descriptor);
  }
}

void AtomicFile::fail_with_errno(const char* what) const {
  fail("AtomicFile", "{} {}: {}", what, path_.string(), std::strerror(errno));
}

void write_file(const fs::path& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

void require_readable(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::vector<char> piece(size_t{1} << 20);
  while (stream.read(piece.data(), static_cast<std::streamsize>(piece.size()))) continue;
  if (!stream.eof()) fail("require_readable", "cannot read {}: {}", path.string(), std::strerror(errno));
}

std::string read_file(const fs::path& path) {
  if (fs::is_directory(path)) fail("read_file", "{} is a folder, expected a file", path.string());
  std::ifstream stream(path, std::ios::binary);
  if (!stream) fail("read_file", "cannot open {}: {}", path.string(), std::strerror(errno));
  std::string content;
  std::array<char, 1 << 16> piece;
  do {
    stream.read(piece.data(), piece.size());
    content.append(piece.data(), static_cast<size_t>(stream.gcount()));
  } while (stream);
  if (!stream.eof()) fail("read_file", "cannot read {}: {}", path.string(), std::strerror(errno));
  return content;
}

MappedFile::MappedFile(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail("MappedFile", "cannot open {}: {}", path.string(), std::strerror(errno));
  struct stat status {};
  const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  if (!regular || status.st_size == 0) {
    ::close(descriptor);
    fail("MappedFile", "{} is {}", path.string(), regular ? "empty" : "not a file");
  }
  size_ = static_cast<size_t>(status.st_size);
  void* address = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0);
  const int reason = errno;
  ::close(descriptor);
  if (address == MAP_FAILED) fail("MappedFile", "cannot map {}: {}", path.string(), std::strerror(reason));
  data_ = static_cast<const std::byte*>(address);
}

MappedFile::~MappedFile() { ::munmap(const_cast<std::byte*>(data_), size_); }

}  // namespace hqsam
