// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <vector>

#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {

// Parameters whose values lie in one float32 buffer and their gradients in another: one collective, one optimizer
// call, one norm for all of them. The parameters stay what they are to the model; their storage becomes a part of the
// buffer. Between them lie zeros, so that each begins at a multiple of 64 bytes.
class FlatParameters {
 public:
  // tail: float32 numbers that follow the gradients, to be summed over the ranks with them. Throws Error for a
  // parameter that is not float32.
  FlatParameters(NamedTensors parameters, int64_t tail);

  const NamedTensors& named() const { return named_; }
  torch::Tensor weights() const { return weights_; }                      // [N]
  torch::Tensor gradients() const { return sums_.narrow(0, 0, size()); }  // [N]
  torch::Tensor tail() const { return sums_.narrow(0, size(), tail_); }   // [tail]
  torch::Tensor sums() const { return sums_; }                            // [N + tail]: gradients and tail
  // The i-th parameter's part of a buffer of N numbers, in its shape.
  torch::Tensor part(const torch::Tensor& buffer, size_t i) const;

 private:
  int64_t size() const { return weights_.size(0); }

  NamedTensors named_;
  std::vector<int64_t> offsets_;
  int64_t tail_;
  torch::Tensor weights_, sums_;
};

}  // namespace hqsam
