// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/loss.h"

#include <limits>

#include "hqsam/core/bounds.h"
#include "hqsam/core/error.h"
#include "hqsam/mask/boundary.h"

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

// maps [N,M,h,w] at points [N,P,2] (0..1; what lies half a pixel outside fades to 0) -> [N,M,P]. PyTorch's grid_sampler
// with zeros outside and without aligned corners, but of operations that have deterministic gradients on CUDA.
torch::Tensor sample_at(const torch::Tensor& maps, const torch::Tensor& points) {
  const int64_t rows = maps.size(0), channels = maps.size(1), height = maps.size(2), width = maps.size(3);
  // Of the two pixels around each point on one axis: their indices and weights, [N,2,P].
  const auto neighbours = [&](int64_t axis, int64_t size) {
    const auto at = points.select(2, axis) * size - 0.5;
    const auto first = at.floor();
    const auto index = torch::stack({first, first + 1}, 1);
    const auto inside = (index >= 0) & (index < size);
    const auto share = 1 - (at.unsqueeze(1) - index).abs();
    return std::pair(index.clamp(0, size - 1).to(torch::kInt64), torch::where(inside, share, 0.0));
  };
  const auto [x, x_weight] = neighbours(0, width);
  const auto [y, y_weight] = neighbours(1, height);
  const auto index = (y.unsqueeze(2) * width + x.unsqueeze(1)).view({rows, 1, -1}).expand({-1, channels, -1});
  const auto weights = y_weight.unsqueeze(2) * x_weight.unsqueeze(1);  // [N,2,2,P]
  const auto values = maps.to(torch::kFloat32).flatten(2).gather(2, index).view({rows, channels, 4, -1});
  return (values * weights.view({rows, 1, 4, -1})).sum(2);
}

// region [N,1,H,W] at points [N,P,2]: its pixels that they lie in -> [N,1,P]
torch::Tensor pixels_at(const torch::Tensor& region, const torch::Tensor& points) {
  const auto index = [&](int64_t axis, int64_t size) {
    return (points.select(2, axis) * size).floor().clamp(0, size - 1).to(torch::kInt64);
  };
  const auto flat = index(1, region.size(2)) * region.size(3) + index(0, region.size(3));  // [N,P]
  return region.flatten(2).gather(2, flat.unsqueeze(1));
}

// How many pixels of x [N,1,H,W], 0 or 1, lie in the square of 2 * radius + 1 pixels around each.
torch::Tensor count_around(torch::Tensor x, int64_t radius) {
  for (const int64_t axis : {2, 3}) {
    const int64_t size = x.size(axis);
    const auto sums = torch::cat({torch::zeros_like(x.narrow(axis, 0, 1)), x.cumsum(axis)}, axis);
    const auto at = torch::arange(size, x.options().dtype(torch::kInt64));
    x = sums.index_select(axis, (at + radius + 1).clamp_max(size)) -
        sums.index_select(axis, (at - radius).clamp_min(0));
  }
  return x;
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
  require_within("LossOptions", "num_points", num_points, 1, 10'000'000);
  require_within("LossOptions", "oversample_ratio", oversample_ratio, 1.0, 1000.0);
  require_within("LossOptions", "importance_sample_ratio", importance_sample_ratio, 0.0, 1.0);
}

LossDraws draw_loss_points(const LossOptions& options, RandomStream& stream) {
  LossDraws draws;
  draws.candidates = uniform_points(candidate_count(options), stream);
  draws.random = uniform_points(options.num_points - uncertain_count(options), stream);
  return draws;
}

torch::Tensor sample_uncertain_points(const torch::Tensor& logits, const LossDraws& draws, const LossOptions& options,
                                      const torch::Tensor& region) {
  const torch::NoGradGuard no_grad;
  const int64_t uncertain = uncertain_count(options);
  require_shape("logits", logits, {-1, 1, -1, -1});
  require_shape("draws.candidates", draws.candidates, {logits.size(0), candidate_count(options), 2});
  require_shape("draws.random", draws.random, {logits.size(0), options.num_points - uncertain, 2});
  auto certainty = sample_at(logits, draws.candidates).squeeze(1).abs();  // [N, candidates]
  if (region.defined()) {
    const auto outside = pixels_at(region, draws.candidates).squeeze(1) == 0;
    certainty = certainty.masked_fill(outside, std::numeric_limits<float>::infinity());
  }
  const auto chosen = std::get<1>(certainty.topk(uncertain, 1, /*largest=*/false, /*sorted=*/false));
  const auto points = draws.candidates.gather(1, chosen.unsqueeze(2).expand({-1, -1, 2}));
  return torch::cat({points, draws.random}, 1);
}

torch::Tensor boundary_region(const torch::Tensor& labels, int64_t width) {
  const torch::NoGradGuard no_grad;
  const auto inside = (labels > 0.5).to(torch::kInt32);  // float sums have no deterministic order on CUDA
  const auto near = (count_around(inside, width) > 0) & (count_around(1 - inside, width) > 0);
  return near.to(torch::kFloat32);
}

MaskLoss mask_loss_at(const torch::Tensor& logits, const torch::Tensor& labels, const torch::Tensor& points,
                      const torch::Tensor& region) {
  require_shape("logits", logits, {-1, -1, -1, -1});
  require_shape("labels", labels, {logits.size(0), 1, -1, -1});
  require_shape("points", points, {logits.size(0), -1, 2});
  const auto values = sample_at(logits, points);  // [N,M,P]
  const auto truth = sample_at(labels, points);   // [N,1,P]
  const auto inside = torch::sigmoid(values);
  const auto bce =
      torch::binary_cross_entropy_with_logits(values, truth.expand_as(values), {}, {}, at::Reduction::None);
  MaskLoss loss;
  if (!region.defined()) {
    loss.bce = bce.mean(2);
    loss.dice = 1 - (2 * (inside * truth).sum(2) + 1) / (inside.sum(2) + truth.sum(2) + 1);
    return loss;
  }
  require_shape("region", region, {logits.size(0), 1, -1, -1});
  const auto counts = pixels_at(region, points);  // [N,1,P]
  loss.bce = (bce * counts).sum(2) / counts.sum(2).clamp_min(1);
  loss.dice = 1 - (2 * (inside * truth * counts).sum(2) + 1) / (((inside + truth) * counts).sum(2) + 1);
  return loss;
}

MaskLoss mask_loss(const torch::Tensor& logits, const torch::Tensor& labels, const LossDraws& draws,
                   const LossOptions& options, const torch::Tensor& known) {
  torch::Tensor region = known;
  if (options.region == LossRegion::kBoundary) {
    const auto boundary = boundary_region(labels, boundary_width({labels.size(2), labels.size(3)}));
    region = known.defined() ? boundary * known : boundary;
  }
  const auto loss = mask_loss_at(logits, labels, sample_uncertain_points(logits, draws, options, region), region);
  return {loss.bce.squeeze(1), loss.dice.squeeze(1)};
}

}  // namespace hqsam
