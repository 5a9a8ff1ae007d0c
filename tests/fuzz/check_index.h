// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <utility>

#include "harness.h"
#include "hqsam/tensorfile/tensor_index.h"

namespace hqsam::fuzz {

// Every element lies within its storage and the storage within the file.
inline void check_entry(const TensorEntry& entry, uint64_t file_bytes) {
  require(entry.sizes.size() == entry.strides.size() && entry.sizes.size() <= kMaxRank);
  require(entry.storage_begin <= file_bytes && entry.storage_bytes <= file_bytes - entry.storage_begin);
  int64_t last = entry.offset;
  bool empty = false;
  for (size_t i = 0; i < entry.sizes.size(); ++i) {
    require(entry.sizes[i] >= 0 && entry.strides[i] >= 0);
    empty |= entry.sizes[i] == 0;
    if (!empty) last += (entry.sizes[i] - 1) * entry.strides[i];
  }
  const int64_t elements = static_cast<int64_t>(entry.storage_bytes) / info(entry.dtype).item_bytes;
  require(empty ? entry.offset == 0 : entry.offset >= 0 && last < elements);
  touch(entry.name);
}

// What tensor_index.h promises of a parsed file.
inline void check_index(const TensorIndex& index, Bytes file) {
  std::set<std::string_view> names;
  std::set<std::pair<uint64_t, uint64_t>> storages;
  for (const TensorEntry& entry : index.tensors) {
    require(names.insert(entry.name).second);
    check_entry(entry, file.size());
    storages.emplace(entry.storage_begin, entry.storage_bytes);
  }
  uint64_t end = 0;
  for (const auto& [begin, bytes] : storages) {
    require(begin >= end);
    touch(file.subspan(begin, bytes));
    end = begin + bytes;
  }
  for (const auto& [key, value] : index.metadata) touch(key), touch(value);
}

}  // namespace hqsam::fuzz
