// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include "hqsam/model/layers.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {

// Low-rank adaptation (Hu et al., LoRA, ICLR 2022): W becomes W + alpha / rank * B A, and only A and B train.
struct LoraOptions {
  int64_t rank = 8;
  double alpha = 16;
  void validate() const;  // throws Error naming the field
};

// A linear layer whose weight may carry a low-rank term. The term is no part of the layer's registered parameters, so
// that keys and checkpoints stay those of the plain layer.
class LoraLinearImpl : public LinearImpl {
 public:
  using LinearImpl::LinearImpl;

  // x [.., in] -> [.., out]
  torch::Tensor forward(const torch::Tensor& x);
  // a [rank, in], b [out, rank]; kept as they are, not copied.
  void attach(torch::Tensor a, torch::Tensor b, double scale);
  bool attached() const { return a_.defined(); }
  // W + scale B A, float32; needs attached().
  torch::Tensor merged_weight() const;

 private:
  torch::Tensor a_, b_;
  double scale_ = 0;
};
TORCH_MODULE(LoraLinear);

// Gives every LoraLinear below the module a term of its own and returns the pairs, "<key of the layer>.lora_a" and
// ".lora_b", float32, on the module's device. A is drawn from the seed, B is 0: the model computes what it did. Throws
// Error where there is no such layer.
NamedTensors attach_lora(torch::nn::Module& model, const LoraOptions& options, uint64_t seed);

// "<key of the layer>.weight" with the term added, of every layer that has one; on the CPU.
NamedTensors merged_lora_weights(const torch::nn::Module& model);

}  // namespace hqsam
