// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "hqsam/core/errno_text.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/log.h"

namespace hqsam {

FolderLock::FolderLock(const std::filesystem::path& file)
    : descriptor_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0) fail("FolderLock", "cannot open {}: {}", file.string(), errno_text(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) {
    const std::string pid = fmt::format("{}\n", ::getpid());  // for the message below; whether it is written or not
    if (::ftruncate(descriptor_, 0) != 0 || ::pwrite(descriptor_, pid.data(), pid.size(), 0) < 0) {
      spdlog::debug("cannot write {}: {}", file.string(), errno_text(errno));
    }
    return;
  }
  const int reason = errno;
  ::close(descriptor_);
  if (reason != EWOULDBLOCK) fail("FolderLock", "cannot lock {}: {}", file.string(), errno_text(reason));
  std::string holder = read_file(file);
  while (holder.ends_with('\n')) holder.pop_back();
  fail("FolderLock", "another process ({}) annotates in {}: use its page, end it, or choose another --output",
       holder.empty() ? "of unknown number" : holder, file.parent_path().string());
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace hqsam
