// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/model/image_encoder.h"
#include "hqsam/model/options.h"

namespace hqsam {

// ViT with windowed attention and decomposed relative positions (Li et al., ViTDet, ECCV 2022, as in SAM).
class ImageEncoderVitImpl : public ImageEncoderImpl {
 public:
  explicit ImageEncoderVitImpl(ImageEncoderVitOptions options);

  // image [B,3,S,S] -> {image_embeddings [B,out_chans,S/16,S/16], interm_embeddings: one
  // [B,S/16,S/16,embed_dim] per global block}
  ImageFeatures forward(const torch::Tensor& image) override;
  const ImageEncoderVitOptions& options() const { return options_; }

 private:
  torch::Tensor embed_patches(const torch::Tensor& image);

  ImageEncoderVitOptions options_;
  torch::Tensor pos_embed_;  // [1, G, G, embed_dim]
  torch::nn::ModuleList blocks_;
  torch::nn::Conv2d patch_embed_ = nullptr;
  torch::nn::Sequential neck_;
};
TORCH_MODULE(ImageEncoderVit);

}  // namespace hqsam
