// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "hqsam/model/image_encoder.h"

namespace hqsam {

// Options of TinyViT (Wu et al., ECCV 2022) as Light HQ-SAM's image encoder. Four stages; stage 0 convolves, the
// others attend in windows, so their first numbers of heads and window sizes are unused. Defaults are vit_tiny's.
struct TinyVitOptions {
  int64_t image_size = 1024;                                // pixels, square input
  std::array<int64_t, 4> embed_dims = {64, 128, 160, 320};  // channels
  std::array<int64_t, 4> depths = {2, 2, 6, 2};             // blocks
  std::array<int64_t, 4> num_heads = {2, 4, 5, 10};
  std::array<int64_t, 4> window_sizes = {7, 7, 14, 7};  // tokens a side
  double mlp_ratio = 4;                                 // hidden channels of a block's MLP, of its channels
  double expand_ratio = 4;                              // hidden channels of stage 0's blocks, likewise
  int64_t out_chans = 256;                              // channels of the embedding
  int64_t num_classes = 0;  // of the classifier that checkpoints bring along, unused; 0 = none

  int64_t grid() const { return image_size / 16; }       // tokens a side of the embedding
  int64_t early_width() const { return embed_dims[2]; }  // channels of stage 1's output
  void validate() const;                                 // throws Error naming the field
  bool operator==(const TinyVitOptions&) const = default;
};

// Batch norm uses its running statistics always: they come from pre-training.
class TinyVitImpl : public ImageEncoderImpl {
 public:
  explicit TinyVitImpl(TinyVitOptions options);

  // image [B,3,S,S] -> {image_embeddings [B,out_chans,S/16,S/16], interm_embeddings: stage 1's output, merged,
  // [B,S/16,S/16,embed_dims[2]]}
  ImageFeatures forward(const torch::Tensor& image) override;
  const TinyVitOptions& options() const { return options_; }

 private:
  TinyVitOptions options_;
  torch::nn::Sequential patch_embed_, neck_;
  torch::nn::ModuleList layers_;
};
TORCH_MODULE(TinyVit);

// A window attention's biases [heads, window * window], one per distance (|dy|, |dx|) in row-major order, as those of
// every pair of the window's tokens: [1,heads,tokens,tokens].
torch::Tensor pairwise_bias(const torch::Tensor& biases, int64_t window);

}  // namespace hqsam
