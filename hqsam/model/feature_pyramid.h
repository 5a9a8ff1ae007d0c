// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

namespace hqsam {

// A feature pyramid (Lin et al., CVPR 2017) over the sources of the HQ-Feature, for its ablation. From coarse to fine:
// the image embedding, the early feature (both G x G), SAM's upscaled mask feature (4G x 4G). Each goes through a 1x1
// convolution to `width` channels; each level takes the one before it, brought to its size by the nearest neighbour,
// on top; a 3x3 convolution of the finest gives the HQ-Feature. `width` is 256 there; here it is that of the other
// modules at this resolution.
class FeaturePyramidImpl : public torch::nn::Module {
 public:
  FeaturePyramidImpl(int64_t embedding_dim, int64_t vit_dim, int64_t width, int64_t mask_dim);

  // The two coarse levels, of images: embedding [B,C,G,G], early [B,vit_dim,G,G] -> [B,width,G,G].
  torch::Tensor coarse(const torch::Tensor& embedding, const torch::Tensor& early);
  // The finest, of prompts: mask feature [N,mask_dim,4G,4G], coarse [N,width,G,G] -> [N,mask_dim,4G,4G].
  torch::Tensor fine(const torch::Tensor& mask_feature, const torch::Tensor& coarse);

 private:
  torch::nn::Conv2d final_lateral_ = nullptr, early_lateral_ = nullptr, mask_lateral_ = nullptr, output_ = nullptr;
};
TORCH_MODULE(FeaturePyramid);

}  // namespace hqsam
