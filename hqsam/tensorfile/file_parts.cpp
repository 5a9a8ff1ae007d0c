// SPDX-License-Identifier: Apache-2.0
#include "hqsam/tensorfile/file_parts.h"

#include "hqsam/core/error.h"

namespace hqsam {

FileParts::FileParts(std::shared_ptr<const OpenFile> file)
    : size_(file->size()), parts_(std::make_shared<Parts>(Parts{std::move(file), {}})) {}

std::span<const std::byte> FileParts::part(uint64_t begin, uint64_t count) const {
  if (begin > size_ || count > size_ - begin) {
    fail("read_tensors", "the file ends at byte {}, but {} bytes were expected at byte {}: it is cut or damaged", size_,
         count, begin);
  }
  if (parts_ == nullptr) return whole_.subspan(begin, count);
  Memory& memory = parts_->read.emplace_back(count);
  parts_->file->read(begin, memory.bytes());
  return memory.bytes();
}

}  // namespace hqsam
