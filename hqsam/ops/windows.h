// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

namespace hqsam {

// [B,H,W,C] -> windows [B * windows, window, window, C], padded at the right and bottom: with zeros, or with `padding`
// [C] where that is defined.
torch::Tensor window_partition(const torch::Tensor& x, int64_t window, const torch::Tensor& padding = {});

// The inverse, padding cut off: -> [B,height,width,C].
torch::Tensor window_unpartition(const torch::Tensor& windows, int64_t window, int64_t height, int64_t width);

}  // namespace hqsam
