// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/model/image_encoder.h"
#include "hqsam/model/options.h"

namespace hqsam {

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
