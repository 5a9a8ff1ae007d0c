// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include "hqsam/core/random.h"

namespace hqsam {

struct LossOptions {
  int64_t num_points = 112 * 112;         // per mask
  double oversample_ratio = 3.0;          // candidates per point
  double importance_sample_ratio = 0.75;  // share of points taken where the mask is least certain
  void validate() const;                  // throws Error naming the field
};

// Uniform draws of the point sampler for N masks, x y in 0..1, float32.
struct LossDraws {
  torch::Tensor candidates;  // [N, oversample * num_points, 2]
  torch::Tensor random;      // [N, num_points - uncertain, 2]
};
// Draws of one mask (N = 1), from its own stream.
LossDraws draw_loss_points(const LossOptions& options, RandomStream& stream);

// Point coordinates x y in 0..1, [N,num_points,2], where logits [N,1,h,w] are nearest to 0 and at random
// (Kirillov et al., PointRend, CVPR 2020). No gradient flows through the choice.
torch::Tensor sample_uncertain_points(const torch::Tensor& logits, const LossDraws& draws, const LossOptions& options);

struct MaskLoss {
  torch::Tensor bce, dice;  // one number per mask, float32
};

// Binary cross-entropy and dice (smoothed by 1) of M masks per label, logits [N,M,h,w] against labels
// [N,1,H,W] in 0..1, at points [N,P,2]; both are sampled bilinearly. -> [N,M] each.
MaskLoss mask_loss_at(const torch::Tensor& logits, const torch::Tensor& labels, const torch::Tensor& points);

// The same for one mask per label, logits [N,1,h,w], at the points that sample_uncertain_points gives.
// -> [N] each. The reference's loss is the mean over N of bce + dice.
MaskLoss mask_loss(const torch::Tensor& logits, const torch::Tensor& labels, const LossDraws& draws,
                   const LossOptions& options);

}  // namespace hqsam
