// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <mutex>

namespace hqsam {

enum class Activation { kNone, kGelu };  // the exact GELU, by erf

// activation(x weight^T + bias), by libtorch's own operations.
torch::Tensor linear_plain(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                           Activation activation);

// A linear layer's weight in the order that oneDNN's products read, in the type of the product: brought there once, on
// a CPU with AVX-512, for frozen weights (in fp32, or held in the type of the product) and where no gradient is wanted.
// The activation is done in the product's epilogue. May be used by several threads.
class PackedWeight {
 public:
  // x [.., in], weight [out, in], bias [out] -> [.., out], in the type that autocast gives x. Plain where packing does
  // not serve. A weight that changed since the last call (another tensor, or written to in place) is packed anew.
  torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                       Activation activation);

  // Whether linear would use the packed weight.
  static bool serves(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias);

 private:
  struct Packed {
    torch::Tensor weight, bias;
  };
  Packed packed_for(const torch::Tensor& weight, const torch::Tensor& bias, torch::ScalarType type, int64_t rows);

  std::mutex mutex_;
  Packed of_;  // what was packed; kept, so that no other tensors get its memory
  uint32_t weight_version_ = 0, bias_version_ = 0;
  Packed packed_;
};

}  // namespace hqsam
