// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <vector>

namespace hqsam {

struct ImageFeatures {
  torch::Tensor image_embeddings;                // [B, out_chans, G, G], G = image_size / 16
  std::vector<torch::Tensor> interm_embeddings;  // [B, G, G, C], early features; HQ-SAM uses the first
};

// What every backbone offers to the rest of the model.
class ImageEncoderImpl : public torch::nn::Module {
 public:
  // image [B,3,S,S], normalized.
  virtual ImageFeatures forward(const torch::Tensor& image) = 0;
};

}  // namespace hqsam
