// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include "hqsam/ops/packed_linear.h"

namespace hqsam {

// torch::nn::Linear with the bias within the product for inputs of any number of dimensions: its own forward adds it in
// another pass over the result.
class LinearImpl : public torch::nn::LinearImpl {
 public:
  using torch::nn::LinearImpl::LinearImpl;
  torch::Tensor forward(const torch::Tensor& x);
  // The same for the few tokens of prompts, where it serves as few_rows.h says: a row's bits are its own then.
  torch::Tensor forward_rows(const torch::Tensor& x);
  // The same with the weight packed where that serves (packed_linear.h), and an activation. For image encoders, whose
  // products are large and whose weights stay.
  torch::Tensor forward_packed(const torch::Tensor& x, Activation activation = Activation::kNone);

 private:
  PackedWeight packed_;
};
TORCH_MODULE(Linear);

// Layer norm over the channels of [B,C,H,W].
class LayerNorm2dImpl : public torch::nn::Module {
 public:
  explicit LayerNorm2dImpl(int64_t channels, double eps = 1e-6);
  torch::Tensor forward(const torch::Tensor& x);
  double eps() const { return eps_; }

 private:
  torch::Tensor weight_, bias_;  // [C]
  double eps_;
};
TORCH_MODULE(LayerNorm2d);

// Linear layers with ReLU between them: input -> hidden (depth - 1 times) -> output.
class MlpImpl : public torch::nn::Module {
 public:
  MlpImpl(int64_t input_dim, int64_t hidden_dim, int64_t output_dim, int64_t depth);
  torch::Tensor forward(torch::Tensor x);

 private:
  torch::nn::ModuleList layers_;
};
TORCH_MODULE(Mlp);

// A transformer block's two-layer perceptron.
class MlpBlockImpl : public torch::nn::Module {
 public:
  enum class Kind {
    kEncoder,  // GELU
    kDecoder,  // ReLU
  };
  MlpBlockImpl(int64_t embedding_dim, int64_t mlp_dim, Kind kind);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  Linear lin1_ = nullptr, lin2_ = nullptr;
  Kind kind_;
};
TORCH_MODULE(MlpBlock);

}  // namespace hqsam
