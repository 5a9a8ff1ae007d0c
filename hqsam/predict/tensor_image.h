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
void bits_of_logits(const torch::Tensor& logits, BitMask& bits);

// Buffers of a picture's size, used again from mask to mask. Were they taken and given back each time, the small blocks
// that stay in between would part what was given back, and memory would grow with every mask.
struct FrameRoom {
  torch::Tensor logits;  // [1,1,H,W]
  BitMask bits;
};
// low_res [1,1,M,M] -> room.logits of this size, bilinear.
void upsample_into(const torch::Tensor& low_res, Size size, torch::Tensor& room);

}  // namespace hqsam
