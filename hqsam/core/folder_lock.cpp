// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "hqsam/core/errno_text.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/log.h"

namespace hqsam {

FolderLock::FolderLock(const std::filesystem::path& file, const std::string& function, const std::string& busy)
    : descriptor_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0) fail(function, "cannot open {}: {}", file.string(), errno_text(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) {
    const std::string pid = fmt::format("{}\n", ::getpid());  // for the message below; whether it is written or not
    if (::ftruncate(descriptor_, 0) != 0 || ::pwrite(descriptor_, pid.data(), pid.size(), 0) < 0) {
      spdlog::debug("cannot write {}: {}", file.string(), errno_text(errno));
    }
    return;
  }
  const int reason = errno;
  ::close(descriptor_);
  if (reason != EWOULDBLOCK) fail(function, "cannot lock {}: {}", file.string(), errno_text(reason));
  std::string holder = read_file(file);
  holder.erase(std::remove(holder.begin(), holder.end(), '\n'), holder.end());
  fail(function, "another process{} {}", holder.empty() ? "" : " (" + holder + ")", busy);
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace hqsam
