// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>

#include "hqsam/core/file.h"

namespace hqsam {

// A weights file of which the parser asks for parts: those alone are read. Copies share what was read.
class FileParts {
 public:
  FileParts(std::span<const std::byte> file) : whole_(file), size_(file.size()) {}  // in memory already
  explicit FileParts(std::shared_ptr<const OpenFile> file);

  uint64_t size() const { return size_; }
  // The bytes [begin, begin + count), as long as this or a copy lives. Throws Error where the file ends before, and as
  // OpenFile.
  std::span<const std::byte> part(uint64_t begin, uint64_t count) const;
  // At most `count` bytes from the file's begin.
  std::span<const std::byte> front(uint64_t count) const { return part(0, std::min(count, size_)); }

 private:
  struct Parts {
    std::shared_ptr<const OpenFile> file;
    std::deque<Memory> read;
  };

  std::span<const std::byte> whole_;
  uint64_t size_ = 0;
  std::shared_ptr<Parts> parts_;  // null: whole_ is the file
};

inline constexpr uint64_t kFrontBytes = 2048;  // enough to tell what a file is

}  // namespace hqsam
