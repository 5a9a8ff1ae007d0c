// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "devices.h"
#include "golden_options.h"
#include "hqsam/core/error.h"
#include "hqsam/model/sam_hq.h"
#include "hqsam/train/objective.h"

namespace hqsam {
namespace {

double largest(const torch::Tensor& tensor) { return tensor.abs().max().item<double>(); }

// Adam's moves for gradients (Kingma and Ba, ICLR 2015, algorithm 1).
std::vector<torch::Tensor> adam_moves(const std::vector<torch::Tensor>& gradients, double lr) {
  auto first = torch::zeros_like(gradients[0], torch::kFloat64), second = first.clone();
  std::vector<torch::Tensor> moves;
  for (size_t t = 0; t < gradients.size(); ++t) {
    const auto gradient = gradients[t].to(torch::kFloat64);
    first = 0.9 * first + 0.1 * gradient;
    second = 0.999 * second + 0.001 * gradient.square();
    const double power = static_cast<double>(t + 1);
    const auto scale = (second / (1 - std::pow(0.999, power))).sqrt() + 1e-8;
    moves.push_back(-lr * first / (1 - std::pow(0.9, power)) / scale);
  }
  return moves;
}

// The reference's mask decoder in Adam steps on two images. The file's before.* and all but the last step's after.* of
// the trained keys all hold the weights after the last step, so earlier weights are worked out from those and from the
// gradients; the masks of each step, which the file has right, confirm them.
class TrainStepsGolden : public testing_support::OverDevices {
 protected:
  void SetUp() override {
    golden_ = testing_support::to_device(testing_support::golden("train_steps.safetensors"), GetParam());
    decoder_ = MaskDecoder(testing_support::mask_decoder_options(golden_, "before."));
    steps_ = testing_support::count_numbered(golden_, "step", ".loss_mask");
    loss_.num_points = golden_.at("step0.rand.0").size(1) / 3;
    decoder_->to(GetParam());
    const torch::NoGradGuard no_grad;
    for (auto& item : decoder_->named_parameters()) {
      item.value().copy_(golden_.at("before." + item.key()));
      const bool hq = is_hq_key("mask_decoder." + item.key());
      item.value().requires_grad_(hq);
      if (!hq) continue;
      trained_.emplace_back(item.key(), item.value());
      item.value().copy_(weights_before(0, item.key()));
    }
  }

  torch::Tensor step_tensor(int64_t step, const std::string& name) const {
    return golden_.at("step" + std::to_string(step) + "." + name);
  }

  // A trained tensor before a step, or after the last (steps_); float64.
  torch::Tensor weights_before(int64_t step, const std::string& key) const {
    std::vector<torch::Tensor> gradients;
    for (int64_t i = 0; i < steps_; ++i) gradients.push_back(step_tensor(i, "grad." + key));
    const auto moves = adam_moves(gradients, 1e-3);
    auto weights = step_tensor(steps_ - 1, "after." + key).to(torch::kFloat64);
    for (int64_t i = steps_ - 1; i >= step; --i) weights = weights - moves[i];
    return weights;
  }

  torch::Tensor forward() {
    const ImageFeatures features{golden_.at("image_embeddings"), {golden_.at("interm_embeddings.0")}};
    const DecoderInput input{features.image_embeddings, golden_.at("image_pe"), golden_.at("sparse").squeeze(1),
                             golden_.at("dense").squeeze(1), decoder_->hq_features(features)};
    return decoder_->forward(input, DecoderPass::kHqOnly).masks_hq;
  }

  LossDraws draws(int64_t step) const { return {step_tensor(step, "rand.0"), step_tensor(step, "rand.1")}; }

  TensorMap golden_;
  MaskDecoder decoder_ = nullptr;
  NamedTensors trained_;
  int64_t steps_ = 0;
  LossOptions loss_;
};
OVER_DEVICES(TrainStepsGolden);

TEST_P(TrainStepsGolden, GivesTheReferencesLossesGradientsAndWeightsOverItsSteps) {
  std::vector<torch::Tensor> parameters;
  for (const auto& [key, parameter] : trained_) parameters.push_back(parameter);
  ASSERT_EQ(parameters.size(), 25u);
  torch::optim::Adam adam(parameters, torch::optim::AdamOptions(1e-3));
  const auto labels = golden_.at("labels") / 255;
  std::map<std::string, torch::Tensor> doubt;  // the rounding's share of each gradient, the largest of the steps so far
  for (int64_t step = 0; step < steps_; ++step) {
    const auto logits = forward();
    EXPECT_LT(largest(logits - step_tensor(step, "masks_hq")), 1e-5 * largest(step_tensor(step, "masks_hq")));
    const MaskLoss loss = mask_loss(logits, labels, draws(step), loss_);
    EXPECT_NEAR(loss.bce.mean().item<double>(), step_tensor(step, "loss_mask").item<double>(), 5e-6);
    EXPECT_NEAR(loss.dice.mean().item<double>(), step_tensor(step, "loss_dice").item<double>(), 5e-6);
    adam.zero_grad();
    (loss.bce + loss.dice).mean().backward();
    for (const auto& [key, parameter] : trained_) {
      const auto expected = step_tensor(step, "grad." + key);
      const double rounding = 1e-4 * largest(expected);
      EXPECT_LT(largest(parameter.grad() - expected), rounding) << key << " step " << step;
      const auto share = (rounding / expected.abs()).clamp_max(2.0);
      doubt[key] = doubt[key].defined() ? torch::maximum(doubt[key], share) : share;
    }
    adam.step();
    for (const auto& [key, parameter] : trained_) {
      // Adam divides by the gradient's size: the rounding's share of a gradient is that of a move, which is 1e-3 at
      // most.
      const auto difference = (parameter - weights_before(step + 1, key)).abs() - 1e-3 * doubt[key];
      EXPECT_LT(difference.max().item<double>(), 2e-6) << key << " step " << step;
    }
  }
}

TEST_P(TrainStepsGolden, ChoosesTheLeastCertainCandidates) {
  const torch::NoGradGuard no_grad;
  const auto logits = forward();
  const auto points = sample_uncertain_points(logits, draws(0), loss_);
  EXPECT_EQ(points.sizes(), (std::vector<int64_t>{logits.size(0), loss_.num_points, 2}));
  const auto grid_values = [&](const torch::Tensor& at) {
    return torch::grid_sampler(logits, (2 * at - 1).unsqueeze(2), 0, 0, false).squeeze(3).squeeze(1).abs();
  };
  const int64_t uncertain = loss_.num_points * 3 / 4;
  const auto sorted = std::get<0>(grid_values(draws(0).candidates).sort(1));
  const auto chosen = std::get<0>(grid_values(points.slice(1, 0, uncertain)).sort(1));
  EXPECT_LT(largest(chosen - sorted.slice(1, 0, uncertain)), 1e-5);
  EXPECT_TRUE(torch::equal(points.slice(1, uncertain), draws(0).random));
}

LossDraws draws_of(int64_t rows, const LossOptions& options, uint64_t seed = 3) {
  std::vector<torch::Tensor> candidates, random;
  for (int64_t row = 0; row < rows; ++row) {
    auto stream = random_stream(seed, 0, row, Draw::kLossPoints);
    const LossDraws draws = draw_loss_points(options, stream);
    candidates.push_back(draws.candidates);
    random.push_back(draws.random);
  }
  return {torch::cat(candidates), torch::cat(random)};
}

TEST(LossPoints, AreUniformAndDependOnTheStreamAlone) {
  const LossOptions options;
  const LossDraws a = draws_of(1, options), b = draws_of(1, options), c = draws_of(1, options, 4);
  EXPECT_EQ(a.candidates.sizes(), (std::vector<int64_t>{1, 37632, 2}));
  EXPECT_EQ(a.random.sizes(), (std::vector<int64_t>{1, 3136, 2}));
  EXPECT_TRUE(torch::equal(a.candidates, b.candidates));
  EXPECT_FALSE(torch::equal(a.candidates, c.candidates));
  EXPECT_GE(a.candidates.min().item<double>(), 0);
  EXPECT_LT(a.candidates.max().item<double>(), 1);
  const auto mean = a.candidates.mean(1)[0], variance = a.candidates.var(1)[0];
  for (int axis : {0, 1}) {
    EXPECT_NEAR(mean[axis].item<double>(), 0.5, 0.01);
    EXPECT_NEAR(variance[axis].item<double>(), 1.0 / 12, 0.003);
  }
  const auto centered = a.candidates[0] - 0.5;
  EXPECT_NEAR((centered.select(1, 0) * centered.select(1, 1)).mean().item<double>(), 0, 0.002);
}

TEST(MaskLossAt, TreatsEachMaskOfALabelAlone) {
  torch::manual_seed(1);
  const auto logits = torch::randn({2, 3, 16, 16}), labels = torch::rand({2, 1, 64, 64});
  const auto points = torch::rand({2, 50, 2});
  const MaskLoss all = mask_loss_at(logits, labels, points);
  EXPECT_EQ(all.bce.sizes(), (std::vector<int64_t>{2, 3}));
  for (int64_t mask = 0; mask < 3; ++mask) {
    const MaskLoss one = mask_loss_at(logits.narrow(1, mask, 1), labels, points);
    EXPECT_TRUE(torch::allclose(one.bce.squeeze(1), all.bce.select(1, mask)));
    EXPECT_TRUE(torch::allclose(one.dice.squeeze(1), all.dice.select(1, mask)));
  }
}

TEST(MaskLossAt, IsNearZeroForAMaskThatFits) {
  const auto labels = torch::zeros({1, 1, 32, 32});
  labels.slice(2, 8, 24).slice(3, 8, 24).fill_(1);
  const auto points = torch::rand({1, 200, 2}) * 0.25 + 0.375;  // well inside
  const MaskLoss good = mask_loss_at(40 * labels - 20, labels, points);
  const MaskLoss bad = mask_loss_at(20 - 40 * labels, labels, points);
  EXPECT_LT(good.bce.item<double>() + good.dice.item<double>(), 1e-4);
  EXPECT_GT(bad.bce.item<double>(), 10);
  EXPECT_GT(bad.dice.item<double>(), 0.9);
}

TEST(MaskLoss, RefusesShapesThatDoNotGoTogether) {
  LossOptions options;
  options.num_points = 16;
  const auto logits = torch::zeros({2, 1, 8, 8}), labels = torch::zeros({2, 1, 32, 32});
  EXPECT_THROW(mask_loss(logits, labels, draws_of(1, options), options), Error);
  EXPECT_THROW(mask_loss(logits, labels.narrow(0, 0, 1), draws_of(2, options), options), Error);
  EXPECT_THROW(mask_loss(logits.squeeze(1), labels, draws_of(2, options), options), Error);
  options.importance_sample_ratio = 1.5;
  EXPECT_THROW(options.validate(), Error);
}

TEST(LowResIou, CountsPixelsAndCallsTwoEmptyMasksEqual) {
  auto labels = torch::zeros({2, 1, 32, 32});
  labels[0].slice(2, 0, 16).fill_(1);  // the left half
  auto logits = torch::full({2, 2, 8, 8}, -1.0);
  logits[0][0].slice(1, 0, 4).fill_(1);  // the left half
  logits[0][1].slice(0, 0, 4).fill_(1);  // the upper half
  const auto iou = low_res_iou(logits, labels);
  EXPECT_DOUBLE_EQ(iou[0][0].item<double>(), 1);
  EXPECT_NEAR(iou[0][1].item<double>(), 1.0 / 3, 1e-6);
  EXPECT_DOUBLE_EQ(iou[1][0].item<double>(), 1);
}

TEST(SamLosses, TrainSlotZeroAndTheBestOfTheOthers) {
  LossOptions options;
  options.num_points = 64;
  auto labels = torch::zeros({1, 1, 32, 32});
  labels.slice(2, 8, 24).slice(3, 8, 24).fill_(1);
  auto logits = torch::zeros({1, 4, 8, 8});
  logits[0][2].slice(0, 2, 6).slice(1, 2, 6).fill_(1);  // the best of slots 1 to 3
  logits.requires_grad_(true);
  DecoderOutput output;
  output.masks_sam = logits;
  output.iou = torch::full({1, 4}, 0.5, torch::requires_grad());
  const RowLosses losses = sam_losses(output, labels, draws_of(1, options), options);
  losses.loss.sum().backward();
  const auto moved = logits.grad().abs().amax({0, 2, 3}) > 0;
  EXPECT_TRUE(torch::equal(moved, torch::tensor({true, false, true, false})));
  EXPECT_NEAR(losses.iou.item<double>(), (0.25 * 3 + 0.25) / 4, 1e-6);  // IoU 0, 0, 1, 0
  EXPECT_NEAR(losses.loss.item<double>(),
              losses.mask.item<double>() + losses.dice.item<double>() + losses.iou.item<double>(), 1e-6);
}

}  // namespace
}  // namespace hqsam
