// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hqsam/core/file.h"

namespace hqsam {

// A file of a data set: one of its own, or a member of a tar shard.
struct DataFile {
  std::string name;            // relative to the set's folder or within the shard, parted by '/'
  std::filesystem::path path;  // of the file, or of the shard
  int64_t offset = -1;         // of the member's first byte in its shard; negative: the whole file
  int64_t size = 0;            // bytes of the member

  bool empty() const { return path.empty(); }
  std::string label() const;  // for messages: the path, or "shard.tar:name"
  bool operator==(const DataFile&) const = default;
};

// A data file's bytes in memory, or the first `most` of them. Throws Error with its label: missing, empty, unreadable,
// cut off.
class DataBytes {
 public:
  explicit DataBytes(const DataFile& file, uint64_t most = kAnySize);
  std::span<const std::byte> bytes() const { return memory_->bytes(); }
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes().data()), bytes().size()}; }

 private:
  std::shared_ptr<const Memory> memory_;
};

// All regular files in a folder and the folders in it, in order of their names; those whose names (or a folder's on the
// way) begin with a dot do not count. Links are followed; one to nothing is an Error that names it,
// and so is a pipe, a socket or a device.
std::vector<DataFile> files_in(const std::filesystem::path& folder);

}  // namespace hqsam
