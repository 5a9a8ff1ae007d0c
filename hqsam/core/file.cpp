// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <random>

#include "hqsam/core/errno_text.h"
#include "hqsam/core/error.h"
#include "hqsam/core/temporaries.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace fs = std::filesystem;

namespace {

// <name>.<digits>.tmp, the name cut short where it is long, between characters of UTF-8: it fits wherever the file's
// own name fits.
fs::path temporary_name(const fs::path& path) {
  const std::string name = path.filename().string();
  return path.parent_path() /
         fmt::format("{}.{}{:010}.tmp", whole_characters(name, 100), ::getpid(), std::random_device()());
}

}  // namespace

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)), temporary_(temporary_name(path_)) {
  note_temporary(temporary_.c_str());
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor_ >= 0) return;
  forget_temporary(temporary_.c_str());
  fail_with_errno("cannot create");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
  forget_temporary(temporary_.c_str());
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
    forget_temporary(temporary_.c_str());
    fail_with_errno("cannot finish");
  }
  forget_temporary(temporary_.c_str());
  const fs::path folder = path_.has_parent_path() ? path_.parent_path() : fs::path(".");
  const int folder_descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_descriptor >= 0) {
    ::fsync(folder_descriptor);
    ::close(folder_descriptor);
  }
}

void AtomicFile::fail_with_errno(const char* what) const {
  fail("AtomicFile", "{} {}: {}", what, path_.string(), errno_text(errno));
}

void write_file(const fs::path& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

namespace {

// Names the kind of a file that is not a regular one; null for a regular file.
const char* odd_kind(mode_t mode) {
  if (S_ISREG(mode)) return nullptr;
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a FIFO (a pipe)";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return S_ISSOCK(mode) ? "a socket" : "no regular file";
}

void check_kind(const fs::path& path, mode_t mode) {
  if (const char* kind = odd_kind(mode)) fail("read_file", "{} is {}, expected a file", path.string(), kind);
}

// libtorch's own alignment. Huge pages are not requested: collecting them can take longer than reading the file.
constexpr auto kAlignment = static_cast<std::align_val_t>(64);

std::byte* allocate(size_t size) {
  void* memory = ::operator new(size, kAlignment, std::nothrow);
  if (memory == nullptr) fail("Memory", "not enough memory for {} more bytes", size);
  return static_cast<std::byte*>(memory);
}

}  // namespace

OpenFile::OpenFile(fs::path path) : path_(std::move(path)) {
  const auto fail_to_open = [this] { fail("read_file", "cannot open {}: {}", path_.string(), errno_text(errno)); };
  struct stat status {};
  // Checked before it is opened: opening a device can act on it, and opening a socket fails with an unclear message.
  if (::stat(path_.c_str(), &status) != 0) fail_to_open();
  check_kind(path_, status.st_mode);
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (descriptor_ < 0) fail_to_open();
  try {
    if (::fstat(descriptor_, &status) != 0) fail_to_open();
    check_kind(path_, status.st_mode);
  } catch (const Error&) {
    ::close(descriptor_);
    throw;
  }
  size_ = static_cast<uint64_t>(status.st_size);
  written_ = status.st_mtim;
}

OpenFile::~OpenFile() { ::close(descriptor_); }

size_t OpenFile::read_some(uint64_t offset, std::span<std::byte> to) const {
  constexpr size_t kMost = size_t{1} << 30;  // one pread() takes at most 2 GiB
  for (;;) {
    const ssize_t got = ::pread(descriptor_, to.data(), std::min(to.size(), kMost), static_cast<off_t>(offset));
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) fail("read_file", "cannot read {}: {}", path_.string(), errno_text(errno));
  }
}

void OpenFile::read(uint64_t offset, std::span<std::byte> to) const {
  while (!to.empty()) {
    const size_t got = read_some(offset, to);
    if (got == 0) fail_as_changed();
    offset += got;
    to = to.subspan(got);
  }
}

void OpenFile::check_unchanged() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    fail("read_file", "cannot read {}: {}", path_.string(), errno_text(errno));
  }
  const bool same = static_cast<uint64_t>(status.st_size) == size_ && status.st_mtim.tv_sec == written_.tv_sec &&
                    status.st_mtim.tv_nsec == written_.tv_nsec;
  if (!same) fail_as_changed();
}

void OpenFile::fail_as_changed() const { fail("read_file", "{} changed while it was read: try again", path_.string()); }

// Reads to the end, because files of /proc state a size of 0.
std::string read_file(const fs::path& path, uint64_t max_bytes) {
  const OpenFile file(path);
  const auto check = [&](uint64_t size) {
    if (size <= max_bytes) return;
    fail("read_file", "{} has {} bytes{}, at most {} are read: is it the right file?", path.string(), size,
         size > file.size() ? " or more" : "", max_bytes);
  };
  check(file.size());
  constexpr size_t kPiece = 1 << 16;
  std::string content(file.size() + 1, '\0');  // the extra byte shows whether the end was reached
  size_t done = 0;
  for (;;) {
    if (done == content.size()) content.resize(done + kPiece);
    const size_t got = file.read_some(done, std::as_writable_bytes(std::span(content).subspan(done)));
    if (got == 0) break;
    done += got;
    check(done);
  }
  if (file.size() > 0) file.check_unchanged();
  if (file.size() > 0 && done != file.size()) file.fail_as_changed();
  content.resize(done);
  return content;
}

Memory::Memory(size_t size) : data_(allocate(size)), size_(size) {}

Memory::~Memory() { ::operator delete(data_, kAlignment); }

FileBytes::FileBytes(const OpenFile& file) : memory_(file.size()) {
  if (file.size() == 0) fail("read_file", "{} is empty", file.path().string());
  file.read(0, memory_.bytes());
  file.check_unchanged();
}

}  // namespace hqsam
