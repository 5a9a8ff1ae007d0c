// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace hqsam {

// Held while a process has a folder to itself; the system takes it back when the process ends, in whatever way.
class FolderLock {
 public:
  // function: that errors begin with. busy: what another process does there and what to do about it, such as "trains in
  // F: wait for its end". Throws Error("[function] another process (its number) busy") when another holds it.
  FolderLock(const std::filesystem::path& file, const std::string& function, const std::string& busy);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace hqsam
