// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <map>

#include "hqsam/evaluate/evaluate.h"

namespace hqsam {

// What the tokens of SAM's single mask (kSam) and of HQ's (kHq, in a model with HQ modules) look at in the HQ
// pass: the weights of the decoder's last attention of tokens to the image, mean over its heads, brought to the
// picture's frame. [H,W] float32 on the CPU, 0 where the token looks least and 1 where it looks most.
// Arguments as for evaluate_sample; size: H and W, the picture's where not given. Throws Error where the mask has no
// inside.
std::map<MaskKind, torch::Tensor> token_attention(SamHq& model, const Sample& sample, int64_t mask_index,
                                                  const EvaluateOptions& options, int64_t index = 0,
                                                  std::optional<Size> size = {});

// weights [H,W] 0..1 as a glow over the gray picture of that size.
Image attention_picture(const Image& image, const torch::Tensor& weights);

}  // namespace hqsam
