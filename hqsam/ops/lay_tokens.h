// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/ops/image_tokens.h"

namespace hqsam {

// Pictures' channels as the two-way transformer's tokens: what image_tokens.h works on.
struct LaidTokens {
  ImageTokens image;       // [N,P,C], of the type asked for
  torch::Tensor position;  // [P,C] fp32
};
// embeddings + dense, and that plus position: embeddings [B,C,G,G], dense [N,C,G,G] (N a multiple of B; expanded
// dimensions are not copied), position [1,C,G,G], all fp32. Where takes_image_tokens says so.
LaidTokens lay_tokens(const torch::Tensor& embeddings, const torch::Tensor& dense, const torch::Tensor& position,
                      torch::ScalarType type);

}  // namespace hqsam
