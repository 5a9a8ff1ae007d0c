// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/model/image_encoder.h"

namespace hqsam {

// Options of SAM's ViT image encoder. Defaults are ViT-B's.
struct ImageEncoderVitOptions {
  int64_t image_size = 1024;  // pixels, square input
  int64_t patch_size = 16;    // pixels
  int64_t embed_dim = 768;    // channels
  int64_t depth = 12;         // blocks
  int64_t num_heads = 12;
  int64_t mlp_dim = 3072;                                    // channels
  int64_t out_chans = 256;                                   // channels of the embedding
  int64_t window_size = 14;                                  // tokens a side
  std::vector<int64_t> global_attn_indexes = {2, 5, 8, 11};  // the other blocks attend in windows
  double layer_norm_eps = 1e-6;                              // of the blocks' norms

  int64_t grid() const { return image_size / patch_size; }  // tokens a side
  int64_t early_width() const { return embed_dim; }         // channels of interm_embeddings
  void validate() const;                                    // throws Error naming the field
  bool operator==(const ImageEncoderVitOptions&) const = default;
};

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
