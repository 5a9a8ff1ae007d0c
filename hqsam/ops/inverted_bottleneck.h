// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

namespace hqsam {

// MobileNet's inverted bottleneck and TinyViT's other convolutions, batch norm folded into them, on pictures with their
// channels last. On CPUs with AVX-512, without gradients, in fp32 or bf16: rows of pixels go through all layers within
// the cache.

// A convolution with what its batch norm makes of it, fp32.
struct FoldedConv {
  torch::Tensor weight;  // [out,in,k,k], or [C,1,3,3]
  torch::Tensor bias;    // [out]
};

struct Bottleneck {
  FoldedConv first;       // 1x1, in -> hidden, then GELU
  FoldedConv depthwise;   // 3x3, then GELU
  FoldedConv last;        // 1x1, hidden -> out
  int64_t stride = 1;     // of the depthwise convolution: 1 or 2
  bool residual = false;  // GELU(x + out)
};

// Whether the functions take x [B,H,W,C] for the product type of the moment (autocast's, or x's own).
bool takes_bottleneck(const torch::Tensor& x, const Bottleneck& bottleneck);
bool takes_depthwise(const torch::Tensor& x);

// x [B,H,W,in] -> [B,H/stride,W/stride,out]
torch::Tensor inverted_bottleneck(const torch::Tensor& x, const Bottleneck& bottleneck);

// A 3x3 depthwise convolution, padded by one: x [B,H,W,C] -> the same.
torch::Tensor depthwise3x3(const torch::Tensor& x, const FoldedConv& conv);

}  // namespace hqsam
