// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/ops/image_tokens.h"

namespace hqsam {

// The image side's input of SAM's two-way transformer, as image_tokens.h works on it: embeddings + dense, and that plus
// position, [N,P,C] each, of the type asked for. embeddings [B,P,C] and position [P,C] fp32, dense [N,C,G,G] fp32 (N a
// multiple of B; expanded dimensions are not copied). Where takes_image_tokens says so.
ImageTokens lay_tokens(const torch::Tensor& embeddings, const torch::Tensor& dense, const torch::Tensor& position,
                       torch::ScalarType type);

}  // namespace hqsam
