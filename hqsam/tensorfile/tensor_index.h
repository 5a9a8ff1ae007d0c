// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hqsam {

// The element types that both file formats and libtorch have.
enum class DType : uint8_t { kF64, kF32, kF16, kBF16, kI64, kI32, kI16, kI8, kU8, kBool };

struct DTypeInfo {
  DType dtype;
  int64_t item_bytes;
  std::string_view safetensors;    // "F32"
  std::string_view torch_storage;  // "FloatStorage"
};

std::span<const DTypeInfo> all_dtypes();
const DTypeInfo& info(DType dtype);

// Where a tensor's elements lie in a file. What a parser returns has been checked: sizes and strides
// are >= 0, at most kMaxRank of them, and every element lies within the storage, the storage within
// the file. Storages of one file are the same range or do not overlap.
struct TensorEntry {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> sizes;
  std::vector<int64_t> strides;  // in elements
  int64_t offset = 0;            // in elements, from the storage's begin; 0 where there are none
  uint64_t storage_begin = 0;    // in bytes, from the file's begin
  uint64_t storage_bytes = 0;
};

// A weights file without its numbers: the tensors in file order and the string metadata.
struct TensorIndex {
  std::vector<TensorEntry> tensors;
  std::map<std::string, std::string> metadata;
};

inline constexpr size_t kMaxRank = 64;  // libtorch's own limit

// The number of elements. Throws Error where a size is negative, where there are more than kMaxRank,
// or where the bytes of the sizes other than 0 do not fit into 63 bits.
int64_t checked_numel(std::string_view function, std::string_view name, std::span<const int64_t> sizes,
                      int64_t item_bytes);

// Row-major strides of sizes that checked_numel accepts.
std::vector<int64_t> contiguous_strides(std::span<const int64_t> sizes);

}  // namespace hqsam
