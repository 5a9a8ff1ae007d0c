// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "hqsam/tensorfile/pickle.h"
#include "hqsam/tensorfile/tensor_index.h"

namespace hqsam {

// A run of bytes of the file that holds one storage.
struct StorageRange {
  uint64_t begin = 0, bytes = 0;
};
using StorageRanges = std::unordered_map<std::string_view, StorageRange>;  // by the storage's key

// The tensors of a pickled dict, each checked against its storage. A dict of tensors under "model",
// "state_dict" or "model_state_dict" is entered; other values are passed over; a "module." that all
// names share is taken off. Throws Error where there is no dict or no tensor in it, where a name is
// doubled, and where a tensor reaches outside its storage or a storage differs from its record.
std::vector<TensorEntry> state_dict_entries(const Pickle& pickle, const StorageRanges& storages);

}  // namespace hqsam
