// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/objective.h"

namespace hqsam {

namespace {

RowLosses losses_of(const torch::Tensor& logits, const torch::Tensor& labels, const LossDraws& draws,
                    const LossOptions& options, const torch::Tensor& known) {
  const auto [bce, dice] = mask_loss(logits, labels, draws, options, known);
  return {bce + dice, bce, dice, torch::zeros_like(bce)};
}

}  // namespace

RowLosses hq_losses(const DecoderOutput& output, const torch::Tensor& labels, const LossDraws& draws,
                    const LossOptions& options, const torch::Tensor& known) {
  return losses_of(output.masks_hq, labels, draws, options, known);
}

RowLosses sam_mask_losses(const DecoderOutput& output, const torch::Tensor& labels, const LossDraws& draws,
                          const LossOptions& options, const torch::Tensor& known) {
  return losses_of(output.masks_sam.narrow(1, 0, 1), labels, draws, options, known);
}

RowLosses sam_losses(const DecoderOutput& output, const torch::Tensor& labels, const LossDraws& draws,
                     const LossOptions& options, const torch::Tensor& known) {
  const auto points = sample_uncertain_points(output.masks_sam.narrow(1, 0, 1), draws, options, known);
  const auto [bce, dice] = mask_loss_at(output.masks_sam, labels, points, known);  // [N,4]
  const auto best = (bce + dice).detach().slice(1, 1).argmin(1, /*keepdim=*/true) + 1;
  const auto slots = torch::cat({torch::zeros_like(best), best}, 1);  // [N,2]
  RowLosses losses;
  losses.mask = bce.gather(1, slots).sum(1);
  losses.dice = dice.gather(1, slots).sum(1);
  const auto error = output.iou.to(torch::kFloat32) - low_res_iou(output.masks_sam, labels, known);
  losses.iou = error.square().mean(1);
  losses.loss = losses.mask + losses.dice + losses.iou;
  return losses;
}

torch::Tensor low_res_iou(const torch::Tensor& logits, const torch::Tensor& labels, const torch::Tensor& known) {
  const torch::NoGradGuard no_grad;
  const auto at_size_of_logits = [&](const torch::Tensor& map) {
    return torch::upsample_bilinear2d(map, {logits.size(2), logits.size(3)}, /*align_corners=*/false) > 0.5;
  };
  auto inside = logits > 0, truth = at_size_of_logits(labels);
  if (known.defined()) {
    const auto counts = at_size_of_logits(known);
    inside = inside & counts;
    truth = truth & counts;
  }
  const auto both = (inside & truth).sum({2, 3}).to(torch::kFloat32);
  const auto either = (inside | truth).sum({2, 3}).to(torch::kFloat32);
  return torch::where(either > 0, both / either, torch::ones_like(either));
}

}  // namespace hqsam
