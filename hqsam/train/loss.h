// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include "hqsam/core/random.h"

namespace hqsam {

// Which points count. kBoundary: those near the label's boundary alone, an ablation of Ke et al. (NeurIPS 2023, table
// 2). Near is as far as boundary IoU's band reaches, 2 % of the diagonal, on both sides of the boundary. An object that
// the right or lower edge of a padded picture cuts has a boundary there.
enum class LossRegion { kAll, kBoundary };

struct LossOptions {
  LossRegion region = LossRegion::kAll;
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
// (Kirillov et al., PointRend, CVPR 2020). No gradient flows through the choice. With a region, as of mask_loss_at,
// candidates outside of it come last.
torch::Tensor sample_uncertain_points(const torch::Tensor& logits, const LossDraws& draws, const LossOptions& options,
                                      const torch::Tensor& region = {});

struct MaskLoss {
  torch::Tensor bce, dice;  // one number per mask, float32
};

// Where labels [N,1,H,W] in 0..1 are near their boundary, [N,1,H,W] 0 or 1: a pixel above 0.5 with one that is not
// within `width` pixels (chessboard distance), or the other way. The picture's border is no boundary.
torch::Tensor boundary_region(const torch::Tensor& labels, int64_t width);

// Binary cross-entropy and dice (smoothed by 1) of M masks per label, logits [N,M,h,w] against labels
// [N,1,H,W] in 0..1, at points [N,P,2]; both are sampled bilinearly. -> [N,M] each. region [N,1,H,W], 0 or 1: only
// points in it count, those of its pixel; where there is none both losses are 0.
MaskLoss mask_loss_at(const torch::Tensor& logits, const torch::Tensor& labels, const torch::Tensor& points,
                      const torch::Tensor& region = {});

// The same for one mask per label, logits [N,1,h,w], at the points that sample_uncertain_points gives, in the options'
// region and where the label is known: known [N,1,H,W], 0 or 1; undefined: everywhere. -> [N] each. The reference's
// loss is the mean over N of bce + dice.
MaskLoss mask_loss(const torch::Tensor& logits, const torch::Tensor& labels, const LossDraws& draws,
                   const LossOptions& options, const torch::Tensor& known = {});

}  // namespace hqsam
