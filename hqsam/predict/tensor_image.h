// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include "hqsam/image/image.h"
#include "hqsam/mask/bits.h"

namespace hqsam {

// RGB -> [1,3,H,W] uint8. Throws Error for a gray or empty picture. A plain loop: workers that prepare
// pictures must not start thread pools of their own.
torch::Tensor image_to_tensor(const Image& image);

// logits [H,W] on any device -> inside where > 0.
Mask mask_of_logits(const torch::Tensor& logits);
// The same as bits, without the mask in between.
BitMask bits_of_logits(const torch::Tensor& logits);

}  // namespace hqsam
