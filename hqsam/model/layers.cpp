// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/layers.h"

#include "hqsam/ops/few_rows.h"

namespace hqsam {

torch::Tensor LinearImpl::forward(const torch::Tensor& x) { return linear_plain(x, weight, bias, Activation::kNone); }

torch::Tensor LinearImpl::forward_rows(const torch::Tensor& x) {
  if (!takes_few_rows(x, weight)) return forward(x);
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = weight.size(0);
  return rows_by_transposed(x.reshape({1, -1, x.size(-1)}), weight.unsqueeze(0)).add(bias).view(shape);
}

torch::Tensor LinearImpl::forward_packed(const torch::Tensor& x, Activation activation) {
  return packed_.linear(x, weight, bias, activation);
}

LayerNorm2dImpl::LayerNorm2dImpl(int64_t channels, double eps)
    : weight_(register_parameter("weight", torch::ones(channels))),
      bias_(register_parameter("bias", torch::zeros(channels))),
      eps_(eps) {}

torch::Tensor LayerNorm2dImpl::forward(const torch::Tensor& x) {
  return torch::layer_norm(x.permute({0, 2, 3, 1}), weight_.sizes(), weight_, bias_, eps_).permute({0, 3, 1, 2});
}

MlpImpl::MlpImpl(int64_t input_dim, int64_t hidden_dim, int64_t output_dim, int64_t depth) {
  register_module("layers", layers_);
  for (int64_t i = 0; i < depth; ++i) {
    layers_->push_back(Linear(i == 0 ? input_dim : hidden_dim, i + 1 == depth ? output_dim : hidden_dim));
  }
}

torch::Tensor MlpImpl::forward(torch::Tensor x) {
  for (size_t i = 0; i < layers_->size(); ++i) {
    x = layers_->at<LinearImpl>(i).forward_rows(x);
    if (i + 1 < layers_->size()) x = torch::relu(x);
  }
  return x;
}

MlpBlockImpl::MlpBlockImpl(int64_t embedding_dim, int64_t mlp_dim, Kind kind)
    : lin1_(register_module("lin1", Linear(embedding_dim, mlp_dim))),
      lin2_(register_module("lin2", Linear(mlp_dim, embedding_dim))),
      kind_(kind) {}

torch::Tensor MlpBlockImpl::forward(const torch::Tensor& x) {
  if (kind_ == Kind::kDecoder) return lin2_->forward_rows(torch::relu(lin1_->forward_rows(x)));
  return lin2_->forward_packed(lin1_->forward_packed(x, Activation::kGelu));
}

}  // namespace hqsam
