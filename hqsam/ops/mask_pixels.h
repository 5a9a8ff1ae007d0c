// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

namespace hqsam {

// From an image's tokens to mask logits, for CPUs: see takes_image_tokens in image_tokens.h.

// SAM's output_upscaling: two transposed convolutions of stride 2, a layer norm between them, GELUs. All fp32.
struct UpscaleWeights {
  torch::Tensor first, first_bias;    // [C,C/4,2,2], [C/4]
  torch::Tensor norm, norm_shift;     // [C/4]
  torch::Tensor second, second_bias;  // [C/4,C/8,2,2], [C/8]
  double eps = 0;
};
// keys [N,G*G,C], fp32 or bf16 -> [N,4G+2,4G+2,C/8] of the same type: channels last, with a border of zeros
torch::Tensor upscale_tokens(const torch::Tensor& keys, int64_t grid, const UpscaleWeights& weights);

// pixels of upscale_tokens, weights [N,K,C/8] fp32 -> [N,K,4G,4G] fp32
torch::Tensor dot_with_pixels(const torch::Tensor& pixels, const torch::Tensor& weights);

// HQ-SAM's embedding_maskfeature on the pixels, a dot product behind it: 3x3 convolution, layer norm, GELU, and a
// second 3x3 convolution that is folded with the dot product's weights. All fp32.
struct FoldedConvs {
  torch::Tensor first, first_bias;  // [c2,c,3,3], [c2]
  torch::Tensor norm, norm_shift;   // [c2]
  torch::Tensor second;             // [N,c2,3,3], by prompt
  double eps = 0;
};
// Adds them to masks [N,1,4G,4G] fp32.
void add_folded_convs(const torch::Tensor& pixels, const FoldedConvs& convs, torch::Tensor& masks);

}  // namespace hqsam
