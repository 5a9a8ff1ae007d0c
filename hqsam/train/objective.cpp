// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/objective.h"

namespace hqsam {

namespace {

RowLosses losses_of(const torch::Tensor& logits, const torch::Tensor& labels, const LossDraws& draws,
                    const LossOptions& options) {
  const auto [bce, dice] = mask_loss(logits, labels, draws, options);
  return {bce + dice, bce, dice, torch::zeros_like(bce)};
}

}  // namespace

RowLosses hq_losses(const DecoderOutput& output, const torch::Tensor& labels, const LossDraws& draws,
                    const LossOptions& options) {
  return losses_of(output.masks_hq, labels, draws, options);
}

RowLosses sam_mask_losses(const DecoderOutput& output, const torch::Tensor& labels, const LossDraws& draws,
                          const LossOptions& options) {
  return losses_of(output.masks_sam.narrow(1, 0, 1), labels, draws, options);
}

RowLosses sam_losses(const DecoderOutput& output, const torch::Tensor& labels, const LossDraws& draws,
                     const LossOptions& options) {
  const auto points = sample_uncertain_points(output.masks_sam.narrow(1, 0, 1), draws, options);
  const auto [bce, dice] = mask_loss_at(output.masks_sam, labels, points);  // [N,4]
  const auto best = (bce + dice).detach().slice(1, 1).argmin(1, /*keepdim=*/true) + 1;
  const auto slots = torch::cat({torch::zeros_like(best), best}, 1);  // [N,2]
  RowLosses losses;
  losses.mask = bce.gather(1, slots).sum(1);
  losses.dice = dice.gather(1, slots).sum(1);
  const auto error = output.iou.to(torch::kFloat32) - low_res_iou(output.masks_sam, labels);
  losses.iou = error.square().mean(1);
  losses.loss = losses.mask + losses.dice + losses.iou;
  return losses;
}

torch::Tensor low_res_iou(const torch::Tensor& logits, const torch::Tensor& labels) {
  const torch::NoGradGuard no_grad;
  const auto inside = logits > 0;
  const auto truth =
      torch::upsample_bilinear2d(labels, {logits.size(2), logits.size(3)}, /*align_corners=*/false) > 0.5;
  const auto both = (inside & truth).sum({2, 3}).to(torch::kFloat32);
  const auto either = (inside | truth).sum({2, 3}).to(torch::kFloat32);
  return torch::where(either > 0, both / either, torch::ones_like(either));
}

}  // namespace hqsam
