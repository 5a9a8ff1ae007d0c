// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

namespace hqsam {

// Attention between a prompt's few tokens and the many of an image, whose projections are folded into the tokens' side:
// q (W k) = (q W) k, so that each of the image's tokens meets J numbers and is never projected itself. J = heads *
// tokens (rounded up), column = token * heads + head. On CPUs with AVX-512, without gradients.

// An image's tokens, in fp32 or bf16, the type of the products.
struct ImageTokens {
  torch::Tensor keys;    // [M,P,C]; M = N prompts, or 1 where they share them
  torch::Tensor placed;  // [M,P,C], keys and positions
};

// Whether the functions here and in mask_pixels.h take images of grid x grid tokens of this width, for tokens of so
// many heads, in this type.
bool takes_image_tokens(int64_t grid, int64_t channels, int64_t heads, torch::ScalarType type);

// The folded queries' number for so many tokens: heads * tokens, rounded up.
int64_t folded_columns(int64_t tokens, int64_t heads);

// queries [N,J,C] fp32, scaled -> [N,J,C] fp32, each the mean of keys, weighed by softmax over P of queries . placed
torch::Tensor attend_to_image(const ImageTokens& image, const torch::Tensor& queries);

struct FoldedTokens {
  torch::Tensor keys;      // [N,J,C] fp32, scaled
  torch::Tensor offsets;   // [N,J] fp32, added to the logits; very low where there is no token
  torch::Tensor values;    // [N,J,C] fp32
  torch::Tensor bias;      // [C]
  torch::Tensor weight;    // [C] of the norm
  torch::Tensor shift;     // [C]
  torch::Tensor position;  // [P,C] fp32
  double eps = 0;
  int64_t heads = 0;
};
// LayerNorm(image.keys + attention of image.placed to the tokens), for each of N prompts.
ImageTokens attend_to_tokens(const ImageTokens& image, const FoldedTokens& tokens);

}  // namespace hqsam
