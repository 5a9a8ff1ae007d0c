// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include "hqsam/model/mask_decoder.h"
#include "hqsam/train/loss.h"

namespace hqsam {

// Losses of N rows, [N] float32 each; loss = mask + dice + iou is what is minimized.
struct RowLosses {
  torch::Tensor loss, mask, dice, iou;
};

// labels [N,1,H,W] in 0..1; known [N,1,H,W]: 0 where a label says nothing, undefined where all count. HQ-SAM's:
// cross-entropy and dice of the HQ mask; iou is 0.
RowLosses hq_losses(const DecoderOutput& output, const torch::Tensor& labels, const LossDraws& draws,
                    const LossOptions& options, const torch::Tensor& known = {});

// HQ-SAM's loss for SAM's own single mask (slot 0): what its paper's rivals of HQ training learn by.
RowLosses sam_mask_losses(const DecoderOutput& output, const torch::Tensor& labels, const LossDraws& draws,
                          const LossOptions& options, const torch::Tensor& known = {});

// SAM's (Kirillov et al., Segment Anything, ICCV 2023, appendix A), with both of its outputs at once:
// mask and dice are those of slot 0 (the single mask) plus those of the multimask slot with the least sum of
// the two; iou is the mean over slots of the squared error of the predicted IoU against the IoU of
// (logit > 0) with the label at the logits' size. Points are sampled where slot 0 is least certain.
RowLosses sam_losses(const DecoderOutput& output, const torch::Tensor& labels, const LossDraws& draws,
                     const LossOptions& options, const torch::Tensor& known = {});

// IoU of logits [N,M,h,w] > 0 with labels [N,1,H,W], brought to h x w bilinearly, > 0.5; 1 where both are
// empty. Where known [N,1,H,W] is below 0.5 neither counts. -> [N,M]
torch::Tensor low_res_iou(const torch::Tensor& logits, const torch::Tensor& labels, const torch::Tensor& known = {});

}  // namespace hqsam
