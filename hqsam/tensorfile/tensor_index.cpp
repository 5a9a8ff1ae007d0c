// SPDX-License-Identifier: Apache-2.0
#include "hqsam/tensorfile/tensor_index.h"

#include <algorithm>
#include <array>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

// In the order of the enum.
constexpr std::array<DTypeInfo, 10> kDTypes = {{
    {DType::kF64, 8, "F64", "DoubleStorage"},
    {DType::kF32, 4, "F32", "FloatStorage"},
    {DType::kF16, 2, "F16", "HalfStorage"},
    {DType::kBF16, 2, "BF16", "BFloat16Storage"},
    {DType::kI64, 8, "I64", "LongStorage"},
    {DType::kI32, 4, "I32", "IntStorage"},
    {DType::kI16, 2, "I16", "ShortStorage"},
    {DType::kI8, 1, "I8", "CharStorage"},
    {DType::kU8, 1, "U8", "ByteStorage"},
    {DType::kBool, 1, "BOOL", "BoolStorage"},
}};

}  // namespace

std::span<const DTypeInfo> all_dtypes() { return kDTypes; }

const DTypeInfo& info(DType dtype) { return kDTypes[static_cast<size_t>(dtype)]; }

int64_t checked_numel(std::string_view function, std::string_view name, std::span<const int64_t> sizes,
                      int64_t item_bytes) {
  if (sizes.size() > kMaxRank) {
    fail(function, "tensor '{}' has {} dimensions, at most {} are possible: the file is damaged", shown_short(name),
         sizes.size(), kMaxRank);
  }
  int64_t bytes = item_bytes;
  bool empty = false;
  for (const int64_t size : sizes) {
    empty |= size == 0;
    if (size < 0 || __builtin_mul_overflow(bytes, std::max<int64_t>(size, 1), &bytes)) {
      fail(function, "tensor '{}' has the impossible shape [{}]: the file is damaged", shown_short(name),
           fmt::join(sizes, ", "));
    }
  }
  return empty ? 0 : bytes / item_bytes;
}

std::vector<int64_t> contiguous_strides(std::span<const int64_t> sizes) {
  std::vector<int64_t> strides(sizes.size());
  int64_t stride = 1;
  for (size_t i = sizes.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= std::max<int64_t>(sizes[i], 1);
  }
  return strides;
}

}  // namespace hqsam
