// SPDX-License-Identifier: Apache-2.0
#include "hqsam/tensorfile/tensor_bytes.h"

#include <nlohmann/json.hpp>
#include <unordered_set>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

bool is_utf8(const std::string& text) {
  try {
    static_cast<void>(nlohmann::json(text).dump());
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

}  // namespace

torch::ScalarType scalar_type(DType dtype) {
  switch (dtype) {
    case DType::kF64:
      return torch::kFloat64;
    case DType::kF32:
      return torch::kFloat32;
    case DType::kF16:
      return torch::kFloat16;
    case DType::kBF16:
      return torch::kBFloat16;
    case DType::kI64:
      return torch::kInt64;
    case DType::kI32:
      return torch::kInt32;
    case DType::kI16:
      return torch::kInt16;
    case DType::kI8:
      return torch::kInt8;
    case DType::kU8:
      return torch::kUInt8;
    case DType::kBool:
      return torch::kBool;
  }
  fail("scalar_type", "unknown dtype {}", static_cast<int>(dtype));
}

DType dtype_of(std::string_view function, const std::string& name, const torch::Tensor& tensor) {
  for (const DTypeInfo& known : all_dtypes()) {
    if (tensor.scalar_type() == scalar_type(known.dtype)) return known.dtype;
  }
  fail(function, "tensor '{}' has the dtype {}, which cannot be written: convert it first", name,
       torch::toString(tensor.scalar_type()));
}

void check_writable(std::string_view function, const TensorMap& map) {
  std::unordered_set<std::string> names;
  for (const auto& [name, tensor] : map.tensors) {
    if (!is_utf8(name)) fail(function, "the name '{}' is not UTF-8", shown_short(name));
    if (!names.insert(name).second) fail(function, "tensor '{}' is in the map twice", name);
    if (!tensor.defined()) fail(function, "tensor '{}' is undefined", name);
    dtype_of(function, name, tensor);
    if (tensor.layout() != torch::kStrided || tensor.is_meta()) {
      fail(function, "tensor '{}' is sparse or has no data: only dense tensors can be written", name);
    }
  }
  for (const auto& [key, value] : map.metadata) {
    if (!is_utf8(key) || !is_utf8(value)) {
      fail(function, "the metadata '{}' are not UTF-8", shown_short(key));
    }
  }
}

torch::Tensor plain_on_cpu(const torch::Tensor& tensor) {
  return tensor.detach().to(torch::kCPU).resolve_neg().contiguous();
}

std::span<const std::byte> bytes_of(const torch::Tensor& plain) {
  return {static_cast<const std::byte*>(plain.const_data_ptr()), plain.nbytes()};
}

}  // namespace hqsam
