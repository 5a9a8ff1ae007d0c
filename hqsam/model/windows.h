// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

namespace hqsam {

// [B,H,W,C] -> windows [B * windows, window, window, C], zero-padded at the right and bottom.
torch::Tensor window_partition(const torch::Tensor& x, int64_t window);

// The inverse, padding cut off: -> [B,height,width,C].
torch::Tensor window_unpartition(const torch::Tensor& windows, int64_t window, int64_t height, int64_t width);

}  // namespace hqsam
