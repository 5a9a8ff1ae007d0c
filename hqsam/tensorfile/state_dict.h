// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "hqsam/tensorfile/file_contents.h"
#include "hqsam/tensorfile/pickle.h"
#include "hqsam/tensorfile/tensor_index.h"

namespace hqsam {

// A run of bytes of the file that holds one storage.
struct StorageRange {
  uint64_t begin = 0, bytes = 0;
};
using StorageRanges = std::unordered_map<std::string_view, StorageRange>;  // by the storage's key

// A pickle's tensors and objects by name, found in its dicts, lists and tuples to a depth of 16. A container that
// stands in several places is entered at the outermost. Names over 255 bytes are passed over.
struct PickleContents {
  FileContents names;
  std::vector<PickleId> tensors;  // of names.tensors
};
PickleContents contents_of(const Pickle& pickle);

// The tensors that `take` takes, each checked against its storage. Throws Error where a name is doubled, and where a
// tensor reaches outside its storage or a storage differs from its record.
std::vector<TensorEntry> state_dict_entries(const Pickle& pickle, const StorageRanges& storages,
                                            const TakeTensors& take = take_all);

}  // namespace hqsam
