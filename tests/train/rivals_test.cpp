// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "train/run_fixture.h"

// What the paper's ablations train: other HQ modules, a loss near the boundary, parts of SAM itself.
namespace hqsam {
namespace {

constexpr HqOptions kAlone{.mask_feature = MaskFeature::kPlain, .final_feature = false, .early_feature = false};

SamHq make_model(const HqOptions& hq) {
  SamHqOptions options = tiny::model_options();
  options.mask_decoder.hq = hq;
  SamHq model(options);
  initialize(model, InitScope::kAll, 1);
  return model;
}

SamHq make_sam() {
  SamHq model(without_hq(tiny::model_options()));
  initialize(model, InitScope::kAll, 1);
  return model;
}

TrainOptions sam_mask_options(Trainable trainable) {
  TrainOptions options = tiny::train_options();
  options.objective = Objective::kSamMask;
  options.trainable = trainable;
  return options;
}

// The loss of a batch then goes by the weights alone, and a small step must lower it.
TrainOptions at_fixed_points(TrainOptions options) {
  options.loss.importance_sample_ratio = 0;
  return options;
}

std::string refusal_of(const TrainOptions& options) {
  try {
    options.validate();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(BoundaryRegion, IsWhereTheOtherSideIsNear) {
  torch::manual_seed(5);
  for (const int64_t width : {1, 2, 5, 40}) {
    const auto labels = (torch::upsample_nearest2d(torch::rand({2, 1, 4, 5}), {20, 25}) > 0.6).to(torch::kFloat32);
    const auto region = boundary_region(labels, width);
    for (int64_t n = 0; n < 2; ++n) {
      for (int64_t y = 0; y < 20; ++y) {
        for (int64_t x = 0; x < 25; ++x) {
          const auto window = labels[n][0]
                                  .slice(0, std::max<int64_t>(0, y - width), y + width + 1)
                                  .slice(1, std::max<int64_t>(0, x - width), x + width + 1);
          const bool near = window.max().item<float>() != window.min().item<float>();
          ASSERT_EQ(region[n][0][y][x].item<float>() > 0, near) << y << " " << x << " width " << width;
        }
      }
    }
  }
}

// Four columns: 1 1 0 0. The two in the middle are near the boundary.
TEST(BoundaryLoss, CountsThePointsNearTheBoundaryAlone) {
  auto labels = torch::zeros({1, 1, 4, 4});
  labels.slice(3, 0, 2).fill_(1);
  const auto region = boundary_region(labels, 1);
  EXPECT_TRUE(torch::equal(region[0][0][0], torch::tensor({0.0F, 1.0F, 1.0F, 0.0F})));
  std::vector<torch::Tensor> centres;
  for (int64_t i = 0; i < 16; ++i) {
    centres.push_back(torch::tensor({(static_cast<float>(i % 4) + 0.5F) / 4, (static_cast<float>(i / 4) + 0.5F) / 4}));
  }
  const auto points = torch::stack(centres).unsqueeze(0);
  auto logits = torch::full({1, 1, 4, 4}, 2.0F);
  // Of eight points half are inside: -log s and -log(1 - s) with s = 1 / (1 + e^-2).
  const double s = 1 / (1 + std::exp(-2.0));
  const MaskLoss loss = mask_loss_at(logits, labels, points, region);
  EXPECT_NEAR(loss.bce.item<double>(), -(std::log(s) + std::log(1 - s)) / 2, 1e-6);
  EXPECT_NEAR(loss.dice.item<double>(), 1 - (2 * 4 * s + 1) / (8 * s + 4 + 1), 1e-6);
  logits.select(3, 0).fill_(-9);
  logits.select(3, 3).fill_(9);
  const MaskLoss same = mask_loss_at(logits, labels, points, region);
  EXPECT_EQ(same.bce.item<double>(), loss.bce.item<double>());
  EXPECT_EQ(same.dice.item<double>(), loss.dice.item<double>());
  const MaskLoss nowhere = mask_loss_at(logits, labels, points, torch::zeros_like(region));
  EXPECT_EQ(nowhere.bce.item<double>(), 0);
  EXPECT_EQ(nowhere.dice.item<double>(), 0);
}

TEST(BoundaryLoss, HasItsGradientNearTheBoundaryAlone) {
  LossOptions options;
  options.num_points = 2000;
  options.region = LossRegion::kBoundary;
  auto labels = torch::zeros({1, 1, 64, 64});
  labels.slice(3, 0, 32).fill_(1);  // 2 % of the diagonal are 2 pixels: columns 30 to 33
  auto logits = torch::zeros({1, 1, 64, 64}, torch::requires_grad());
  auto stream = random_stream(1, 0, 0, Draw::kLossPoints);
  const auto draws = draw_loss_points(options, stream);
  const MaskLoss loss = mask_loss(logits, labels, draws, options);
  (loss.bce + loss.dice).sum().backward();
  const auto columns = logits.grad().abs().amax({0, 1, 2}) > 0;
  for (int64_t x = 0; x < 64; ++x) {
    const bool near = x >= 29 && x <= 34;  // a point's value comes from the pixels beside it too
    EXPECT_TRUE(near || !columns[x].item<bool>()) << x;
  }
  for (int64_t x = 30; x <= 33; ++x) EXPECT_TRUE(columns[x].item<bool>()) << x;
  // Points are taken from the region as far as it has candidates.
  const auto region = boundary_region(labels, 2);
  const auto points = sample_uncertain_points(logits, draws, options, region);
  const auto inside = (points.select(2, 0) * 64 >= 30) & (points.select(2, 0) * 64 < 34);
  EXPECT_GT(inside.sum().item<int64_t>(), 300);
}

TEST(Trainer, TrainsEveryHqModuleOfAnAblationAndNothingElse) {
  const auto rows = tiny::make_rows(4);
  HqOptions context = kAlone, times = kAlone, fused_context;
  context.token = fused_context.token = HqToken::kContext;
  times.token = HqToken::kTimesOutput;
  for (const HqOptions& hq :
       {kAlone, context, times, fused_context, HqOptions{.final_feature = false, .early_feature = false},
        HqOptions{.early_feature = false}, HqOptions{.final_feature = false},
        HqOptions{.mask_feature = MaskFeature::kNone}, HqOptions{.mask_feature = MaskFeature::kPlain, .fpn = true}}) {
    Trainer trainer(make_model(hq), at_fixed_points(tiny::train_options()), make_group());
    const auto before = tiny::copy_weights(trainer.model());
    const double first = trainer.step(rows, 0, /*lr=*/1e-4).loss;
    for (const auto& [key, parameter] : trainer.parameters()) {
      EXPECT_TRUE(is_hq_key(key)) << key;
      EXPECT_GT(parameter.grad().abs().max().item<double>(), 0) << key << " of " << to_json(hq);
    }
    const auto changed = tiny::differing(before, tiny::copy_weights(trainer.model()));
    EXPECT_EQ(changed.size(), trainer.parameters().size()) << to_json(hq);
    EXPECT_LT(trainer.step(rows, 0).loss, first) << to_json(hq);
    EXPECT_EQ(trainer.checkpoint(true).tensors.size(), trainer.parameters().size());
  }
}

TEST(Trainer, LearnsWithALossNearTheBoundary) {
  const auto rows = tiny::make_rows(4);
  TrainOptions options = tiny::train_options();
  options.loss.region = LossRegion::kBoundary;
  Trainer near(tiny::make_model(), options, make_group()), all(tiny::make_model(), tiny::train_options(), make_group());
  const double first = near.step(rows, 0).loss;
  EXPECT_NE(first, all.step(rows, 0).loss);
  double last = 0;
  for (int i = 0; i < 40; ++i) last = near.step(rows, 0).loss;
  EXPECT_LT(last, 0.8 * first);
}

TEST(Trainer, TrainsSamsOutputTokenAlone) {
  const auto rows = tiny::make_rows(4);
  Trainer trainer(make_sam(), at_fixed_points(sam_mask_options(Trainable::kOutputToken)), make_group());
  const auto before = tiny::copy_weights(trainer.model());
  const double first = trainer.step(rows, 0, /*lr=*/1e-4).loss;
  EXPECT_LT(trainer.step(rows, 0).loss, first);
  const auto after = tiny::copy_weights(trainer.model());
  const std::string tokens = "mask_decoder.mask_tokens.weight", network = "mask_decoder.output_hypernetworks_mlps.0.";
  const auto changed = tiny::differing(before, after);
  EXPECT_EQ(changed.size(), 7U);
  for (const std::string& key : changed) EXPECT_TRUE(key == tokens || key.starts_with(network)) << key;
  EXPECT_TRUE(torch::equal(after.at(tokens).slice(0, 1), before.at(tokens).slice(0, 1))) << "the other tokens moved";
  const TensorMap trained = trainer.checkpoint(true);
  EXPECT_EQ(trained.tensors.size(), 7U);
}

TEST(Trainer, GoesOnToTheBitWithTheOutputTokenAndMeans) {
  TrainOptions options = sam_mask_options(Trainable::kOutputToken);
  options.ema_decay = 0.9;
  const TensorMap state = expect_goes_on_to_the_bit([&] { return Trainer(make_sam(), options, make_group()); });
  EXPECT_NE(state.find("ema/mask_decoder.mask_tokens.weight"), nullptr);
}

TEST(Trainer, TrainsSamsDecoderAndAllOfSamOnItsSingleMask) {
  const auto rows = tiny::make_rows(4);
  for (const Trainable trainable : {Trainable::kDecoder, Trainable::kAll}) {
    Trainer trainer(make_sam(), sam_mask_options(trainable), make_group());
    const auto before = tiny::copy_weights(trainer.model());
    const StepResult first = trainer.step(rows, 0);
    EXPECT_EQ(first.iou, 0);
    double last = 0;
    for (int i = 0; i < 20; ++i) last = trainer.step(rows, 0).loss;
    EXPECT_LT(last, 0.9 * first.loss);
    bool encoder = false;
    for (const std::string& key : tiny::differing(before, tiny::copy_weights(trainer.model()))) {
      EXPECT_TRUE(trainable == Trainable::kAll || key.starts_with("mask_decoder.")) << key;
      EXPECT_FALSE(key.starts_with("mask_decoder.iou_prediction_head.")) << "the loss does not reach SAM's scores";
      EXPECT_FALSE(key.starts_with("mask_decoder.output_hypernetworks_mlps.1.")) << key;
      encoder = encoder || key.starts_with("image_encoder.");
    }
    EXPECT_EQ(encoder, trainable == Trainable::kAll);
  }
}

TEST(TrainOptions, RefuseRivalsThatMeanNothing) {
  for (const Trainable trainable : {Trainable::kHq, Trainable::kLora}) {
    EXPECT_NE(refusal_of(sam_mask_options(trainable)).find("objective sam_mask"), std::string::npos);
  }
  EXPECT_EQ(refusal_of(sam_mask_options(Trainable::kOutputToken)), "");
  TrainOptions options = tiny::train_options();
  options.trainable = Trainable::kOutputToken;
  EXPECT_NE(refusal_of(options).find("set objective to sam_mask"), std::string::npos);
  options.objective = Objective::kSam;
  options.trainable = Trainable::kAll;
  options.loss.region = LossRegion::kBoundary;
  EXPECT_NE(refusal_of(options).find("loss.region"), std::string::npos);
  options = tiny::train_options();
  options.cache_features = "features";
  EXPECT_EQ(refusal_of(options), "");
  options.trainable = Trainable::kAll;
  EXPECT_NE(refusal_of(options).find("cache_features"), std::string::npos);
}

}  // namespace
}  // namespace hqsam
