// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/loss.h"

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

int64_t candidate_count(const LossOptions& options) {
  return static_cast<int64_t>(static_cast<double>(options.num_points) * options.oversample_ratio);
}

int64_t uncertain_count(const LossOptions& options) {
  return static_cast<int64_t>(static_cast<double>(options.num_points) * options.importance_sample_ratio);
}

// [1,count,2]. 64 random bits make a point: 24 for x and 24 for y, which float32 holds exactly.
torch::Tensor uniform_points(int64_t count, RandomStream& stream) {
  auto points = torch::empty({1, count, 2}, torch::kFloat32);
  float* at = points.data_ptr<float>();
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t bits = stream.next();
    *at++ = static_cast<float>(bits >> 40) * 0x1.0p-24f;
    *at++ = static_cast<float>(bits & 0xffffff) * 0x1.0p-24f;
  }
  return points;
}

// maps [N,M,h,w] at points [N,P,2] (0..1; what lies half a pixel outside fades to 0) -> [N,M,P]
torch::Tensor sample_at(const torch::Tensor& maps, const torch::Tensor& points) {
  constexpr int64_t kBilinear = 0, kZeros = 0;
  const auto grid = (2 * points - 1).unsqueeze(2);
  return torch::grid_sampler(maps.to(torch::kFloat32), grid, kBilinear, kZeros, /*align_corners=*/false).squeeze(3);
}

void require_shape(const char* name, const torch::Tensor& tensor, at::IntArrayRef expected) {
  bool good = tensor.dim() == static_cast<int64_t>(expected.size());
  for (size_t i = 0; good && i < expected.size(); ++i) {
    good = expected[i] < 0 || tensor.size(static_cast<int64_t>(i)) == expected[i];
  }
  if (!good) {
    fail("mask_loss", "expected {} of shape {} (-1 is any), got {}", name, fmt::join(expected, "x"),
         fmt::join(tensor.sizes(), "x"));
  }
}

}  // namespace

void LossOptions::validate() const {
  if (num_points < 1) fail("LossOptions", "num_points must be at least 1, got {}", num_points);
  if (!(oversample_ratio >= 1 && oversample_ratio <= 1000)) {
    fail("LossOptions", "oversample_ratio must be in 1..1000, got {}", oversample_ratio);
  }
  if (!(importance_sample_ratio >= 0 && importance_sample_ratio <= 1)) {
    fail("LossOptions", "importance_sample_ratio must be in 0..1, got {}", importance_sample_ratio);
  }
}

LossDraws draw_loss_points(const LossOptions& options, RandomStream& stream) {
  LossDraws draws;
  draws.candidates = uniform_points(candidate_count(options), stream);
  draws.random = uniform_points(options.num_points - uncertain_count(options), stream);
  return draws;
}

torch::Tensor sample_uncertain_points(const torch::Tensor& logits, const LossDraws& draws, const LossOptions& options) {
  const torch::NoGradGuard no_grad;
  const int64_t uncertain = uncertain_count(options);
  require_shape("logits", logits, {-1, 1, -1, -1});
  require_shape("draws.candidates", draws.candidates, {logits.size(0), candidate_count(options), 2});
  require_shape("draws.random", draws.random, {logits.size(0), options.num_points - uncertain, 2});
  const auto certainty = sample_at(logits, draws.candidates).squeeze(1).abs();  // [N, candidates]
  const auto chosen = std::get<1>(certainty.topk(uncertain, 1, /*largest=*/false, /*sorted=*/false));
  const auto points = draws.candidates.gather(1, chosen.unsqueeze(2).expand({-1, -1, 2}));
  return torch::cat({points, draws.random}, 1);
}

MaskLoss mask_loss_at(const torch::Tensor& logits, const torch::Tensor& labels, const torch::Tensor& points) {
  require_shape("logits", logits, {-1, -1, -1, -1});
  require_shape("labels", labels, {logits.size(0), 1, -1, -1});
  require_shape("points", points, {logits.size(0), -1, 2});
  const auto values = sample_at(logits, points);  // [N,M,P]
  const auto truth = sample_at(labels, points);   // [N,1,P]
  const auto inside = torch::sigmoid(values);
  MaskLoss loss;
  loss.bce =
      torch::binary_cross_entropy_with_logits(values, truth.expand_as(values), {}, {}, at::Reduction::None).mean(2);
  loss.dice = 1 - (2 * (inside * truth).sum(2) + 1) / (inside.sum(2) + truth.sum(2) + 1);
  return loss;
}

MaskLoss mask_loss(const torch::Tensor& logits, const torch::Tensor& labels, const LossDraws& draws,
                   const LossOptions& options) {
  const auto loss = mask_loss_at(logits, labels, sample_uncertain_points(logits, draws, options));
  return {loss.bce.squeeze(1), loss.dice.squeeze(1)};
}

}  // namespace hqsam
