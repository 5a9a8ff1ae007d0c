// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <optional>
#include <string_view>

#include "hqsam/tensorfile/tensor_index.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {

// libtorch's name of a dtype.
torch::ScalarType scalar_type(DType dtype);
// The other way. Throws Error where the files cannot hold the tensor's dtype.
DType dtype_of(std::string_view function, const std::string& name, const torch::Tensor& tensor);

// Throws Error naming the first tensor that cannot be written: undefined, sparse, quantized, of
// another dtype, doubled, or with a name that is not UTF-8.
void check_writable(std::string_view function, const TensorMap& map);

// The tensor as its bytes go into a file: row-major, on the CPU; itself where it is that already.
torch::Tensor plain_on_cpu(const torch::Tensor& tensor);
std::span<const std::byte> bytes_of(const torch::Tensor& plain);

}  // namespace hqsam
