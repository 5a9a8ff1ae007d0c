// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace hqsam {

// A folder that one process alone writes to, by a lock on a file in it that ends with the process.
class FolderLock {
 public:
  // Throws Error, with the other's number, where another process holds it.
  explicit FolderLock(const std::filesystem::path& file);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace hqsam
