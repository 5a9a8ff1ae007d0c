// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/feature_pyramid.h"

namespace hqsam {

FeaturePyramidImpl::FeaturePyramidImpl(int64_t embedding_dim, int64_t vit_dim, int64_t width, int64_t mask_dim) {
  const auto lateral = [&](int64_t in) { return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, width, 1)); };
  final_lateral_ = register_module("final_lateral", lateral(embedding_dim));
  early_lateral_ = register_module("early_lateral", lateral(vit_dim));
  mask_lateral_ = register_module("mask_lateral", lateral(mask_dim));
  output_ = register_module("output", torch::nn::Conv2d(torch::nn::Conv2dOptions(width, mask_dim, 3).padding(1)));
}

torch::Tensor FeaturePyramidImpl::coarse(const torch::Tensor& embedding, const torch::Tensor& early) {
  return early_lateral_(early) + final_lateral_(embedding);
}

torch::Tensor FeaturePyramidImpl::fine(const torch::Tensor& mask_feature, const torch::Tensor& coarse) {
  const auto upscaled = torch::upsample_nearest2d(coarse, {mask_feature.size(2), mask_feature.size(3)});
  return output_(mask_lateral_(mask_feature) + upscaled);
}

}  // namespace hqsam
