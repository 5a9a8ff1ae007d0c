// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "hqsam/model/checkpoint.h"
#include "hqsam/ops/autocast.h"
#include "hqsam/train/frozen_weights.h"
#include "train/run_fixture.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

Trainer make_trainer(const TrainOptions& options) { return Trainer(tiny::make_model(), options, make_group()); }

TEST(Schedule, FollowsItsCurveAfterTheWarmUp) {
  ScheduleOptions options{.type = ScheduleType::kStep, .drop_after_epoch = 2, .factor = 0.25};
  const auto at = [&](int64_t step) { return schedule_factor(options, step, /*steps_per_epoch=*/10, /*epochs=*/4); };
  EXPECT_EQ(at(0), 1);
  EXPECT_EQ(at(19), 1);
  EXPECT_EQ(at(20), 0.25);
  options.type = ScheduleType::kConstant;
  EXPECT_EQ(at(39), 1);
  options.warmup_steps = 4;
  EXPECT_EQ(at(0), 0.25);
  EXPECT_EQ(at(3), 1);
  EXPECT_EQ(at(4), 1);
  options.type = ScheduleType::kCosine;
  options.final_factor = 0.1;
  EXPECT_EQ(at(1), 0.5);
  EXPECT_DOUBLE_EQ(at(4), 1);
  EXPECT_NEAR(at(22), 0.55, 1e-12);  // half way between 4 and 40
  EXPECT_NEAR(at(40), 0.1, 1e-12);
  EXPECT_LT(at(30), at(29));
}

// Kingma and Ba's algorithm 1 as PyTorch's own optimizer has it.
TEST(Adam, MovesAsPyTorchsDoes) {
  torch::manual_seed(2);
  auto mine = torch::randn(1000), theirs = mine.clone();
  Adam adam(mine);
  theirs.requires_grad_(true);
  torch::optim::Adam reference({theirs}, torch::optim::AdamOptions(3e-3));
  for (int step = 0; step < 5; ++step) {
    const auto gradient = torch::randn(1000);
    adam.step(mine, gradient, 3e-3);
    theirs.mutable_grad() = gradient.clone();
    reference.step();
  }
  EXPECT_LT((mine - theirs).abs().max().item<double>(), 1e-6);
}

TEST(Trainer, CutsTheGradientsNorm) {
  const auto rows = tiny::make_rows(3);
  TrainOptions options = tiny::train_options();
  Trainer plain = make_trainer(options);
  const StepResult expected = plain.step(rows, 0);
  options.clip_grad_norm = expected.gradient_norm / 4;
  Trainer clipped = make_trainer(options);
  EXPECT_DOUBLE_EQ(clipped.step(rows, 0).gradient_norm, expected.gradient_norm);
  double square = 0;
  for (size_t i = 0; i < plain.parameters().size(); ++i) {
    const auto grad = clipped.parameters()[i].second.grad();
    square += grad.square().sum().item<double>();
    EXPECT_TRUE(torch::allclose(4 * grad, plain.parameters()[i].second.grad(), 1e-4, 1e-9));
  }
  EXPECT_NEAR(std::sqrt(square), options.clip_grad_norm, 1e-4 * options.clip_grad_norm);
  options.clip_grad_norm = 2 * expected.gradient_norm;
  Trainer loose = make_trainer(options);
  loose.step(rows, 0);
  EXPECT_TRUE(tiny::differing(tiny::copy_weights(plain.model()), tiny::copy_weights(loose.model())).empty());
}

TEST(Trainer, KeepsRunningMeansOfTheWeights) {
  const auto rows = tiny::make_rows(3);
  TrainOptions options = tiny::train_options();
  options.ema_decay = 0.5;
  Trainer trainer = make_trainer(options), plain = make_trainer(tiny::train_options());
  const std::string key = "mask_decoder.hf_token.weight";
  auto expected = tiny::copy_weights(trainer.model()).at(key);
  for (int n = 1; n <= 9; ++n) {
    trainer.step(rows, 0);
    plain.step(rows, 0);
    const double decay = std::min(0.5, (1.0 + n) / (10.0 + n));
    expected = decay * expected + (1 - decay) * tiny::copy_weights(plain.model()).at(key);
  }
  const auto live = tiny::copy_weights(trainer.model());
  EXPECT_TRUE(tiny::differing(live, tiny::copy_weights(plain.model())).empty());  // training goes its own way
  trainer.swap_average();
  EXPECT_TRUE(torch::allclose(tiny::copy_weights(trainer.model()).at(key), expected, 1e-5, 1e-7));
  trainer.swap_average();
  EXPECT_TRUE(tiny::differing(live, tiny::copy_weights(trainer.model())).empty());
}

TEST(Trainer, TrainsTheWholeDecoder) {
  TrainOptions options = tiny::train_options();
  options.trainable = Trainable::kDecoder;
  Trainer trainer = make_trainer(options);
  const auto before = tiny::copy_weights(trainer.model());
  trainer.step(tiny::make_rows(3), 0);
  bool sams = false;
  for (const std::string& key : tiny::differing(before, tiny::copy_weights(trainer.model()))) {
    EXPECT_TRUE(key.starts_with("mask_decoder.")) << key;
    sams = sams || !is_hq_key(key);
  }
  EXPECT_TRUE(sams);
  for (const std::string& key : trainer.checkpoint(/*trained_only=*/true).names()) {
    EXPECT_TRUE(key.starts_with("mask_decoder.")) << key;
  }
}

TrainOptions lora_options() {
  TrainOptions options = tiny::train_options();
  options.trainable = Trainable::kLora;
  options.lora = {.rank = 2, .alpha = 4};
  return options;
}

TEST(Lora, StartsAsTheBaseAndTrainsItsTermsBesideTheHqModules) {
  const auto rows = tiny::make_rows(3);
  Trainer plain = make_trainer(tiny::train_options()), lora = make_trainer(lora_options());
  EXPECT_NEAR(lora.step(rows, 0).loss, plain.step(rows, 0).loss, 1e-6);
  EXPECT_EQ(lora.parameters().size(), plain.parameters().size() + 4);  // A and B of two blocks
  const auto before = tiny::copy_weights(lora.model());
  double last = 0;
  for (int i = 0; i < 10; ++i) last = lora.step(rows, 0).loss;
  for (const std::string& key : tiny::differing(before, tiny::copy_weights(lora.model()))) {
    EXPECT_TRUE(is_hq_key(key)) << key;
  }
  for (const auto& [key, parameter] : lora.parameters()) {
    if (key.ends_with(".lora_b")) EXPECT_GT(parameter.abs().max().item<double>(), 0) << key;
  }
  EXPECT_GT(last, 0);
}

TEST(Lora, IsMergedIntoWhatIsSaved) {
  const auto rows = tiny::make_rows(3);
  Trainer trainer = make_trainer(lora_options());
  const auto base = tiny::copy_weights(trainer.model());
  for (int i = 0; i < 5; ++i) trainer.step(rows, 0, 1e-2);
  const TensorMap saved = trainer.checkpoint(/*trained_only=*/false);
  SamHq merged(tiny::model_options());
  load_tensors(merged, saved);
  const auto image = torch::rand({1, 3, 64, 64}) * 255;
  const torch::NoGradGuard no_grad;
  const auto expected = trainer.model()->encode(image).image_embeddings;
  const auto difference = (merged->encode(image).image_embeddings - expected).abs().max().item<double>();
  EXPECT_LT(difference, 1e-4 * expected.abs().max().item<double>());
  int64_t changed = 0;
  for (const auto& [key, tensor] : saved.tensors) {
    EXPECT_EQ(key.find("lora"), std::string::npos);
    if (is_hq_key(key) || !base.contains(key)) continue;
    const bool same = torch::equal(tensor, base.at(key));
    EXPECT_EQ(same, !key.ends_with("qkv.weight")) << key;
    changed += same ? 0 : 1;
  }
  EXPECT_EQ(changed, 2);
  EXPECT_EQ(trainer.checkpoint(/*trained_only=*/true).tensors.size(), 25u + 2);
}

TEST(Trainer, GoesOnToTheBitWithMeansAndLowRankTerms) {
  TrainOptions options = lora_options();
  options.ema_decay = 0.9;
  const TensorMap state = expect_goes_on_to_the_bit([&] { return make_trainer(options); });
  EXPECT_NE(state.find("ema/image_encoder.blocks.0.attn.qkv.lora_b"), nullptr);
  EXPECT_THROW(make_trainer(tiny::train_options()).load_state(state), Error);
}

TEST(Trainer, GivesTheSameGradientsForAnyEncoderBatch) {
  const auto rows = tiny::make_rows(7);
  TrainOptions options = tiny::train_options();
  Trainer plain = make_trainer(options);
  const double loss = plain.step(rows, 0).loss;
  for (const int64_t encoder_batch : {1, 3, 6, 20}) {
    options.encoder_batch = encoder_batch;
    Trainer trainer = make_trainer(options);
    EXPECT_NEAR(trainer.step(rows, 0).loss, loss, 1e-6);
    for (size_t i = 0; i < plain.parameters().size(); ++i) {
      const auto expected = plain.parameters()[i].second.grad(), grad = trainer.parameters()[i].second.grad();
      EXPECT_LT((grad - expected).abs().max().item<double>(), 1e-5 * expected.abs().max().item<double>());
    }
  }
}

TEST(FrozenWeights, AreRoundedOnceAndComeBackToTheBit) {
  TrainOptions options = tiny::train_options();
  options.precision = Precision::kBf16;
  Trainer trainer = make_trainer(options);
  const auto rows = tiny::make_rows(3);
  const auto before = tiny::copy_weights(trainer.model());
  trainer.step(rows, 0);
  int64_t frozen = 0;
  for (const auto& [key, tensor] : tiny::copy_weights(trainer.model())) {
    EXPECT_EQ(tensor.scalar_type(), torch::kFloat32) << key;
    if (is_hq_key(key)) continue;
    EXPECT_TRUE(torch::equal(tensor, before.at(key))) << key;
    ++frozen;
  }
  EXPECT_GT(frozen, 50);
}

TEST(FrozenWeights, HeldInBf16GiveWhatAutocastGives) {
  SamHq model = tiny::make_model();
  for (auto& parameter : model->parameters()) parameter.requires_grad_(false);
  const auto image = torch::rand({1, 3, 64, 64}) * 255;
  const torch::NoGradGuard no_grad;
  const auto encode = [&] {
    const Bf16Scope autocast(torch::kCPU, true);
    return model->encode(image).image_embeddings.clone();
  };
  const auto expected = encode();
  FrozenWeights frozen(model);
  frozen.to_bf16();
  const torch::Tensor weight = model->image_encoder->named_parameters()["blocks.0.attn.qkv.weight"];
  EXPECT_EQ(weight.scalar_type(), torch::kBFloat16);
  EXPECT_TRUE(torch::equal(encode(), expected));
  frozen.to_fp32();
  EXPECT_EQ(weight.scalar_type(), torch::kFloat32);
  EXPECT_TRUE(torch::equal(encode(), expected));
}

TEST_F(TrainingRun, SavesAndValidatesTheRunningMeans) {
  Setup setup;
  setup.train.ema_decay = 0.9;
  const Outcome whole = unbroken(setup);
  setup.broken_after = 17;
  setup.train.save_minutes = 0;
  error_of(setup);
  setup.broken_after = -1;
  setup.resume = true;
  ASSERT_EQ(go(setup), RunEnd::kFinished);
  expect_same(whole, outcome());
  const TensorMap model = read_pth(folder() / "model.pth"), saved = load_run_state(state()).tensors;
  const std::string key = "mask_decoder.hf_token.weight";
  EXPECT_TRUE(torch::equal(model.at(key), saved.at("ema/" + key)));
  EXPECT_FALSE(torch::equal(model.at(key), weights_.at(key)));
  EXPECT_TRUE(torch::equal(read_pth(folder() / "checkpoints/epoch_0003.pth").at(key), model.at(key)));
}

TEST_F(TrainingRun, SavesTheBasesOwnWeightsInBf16) {
  Setup setup;
  setup.train.precision = Precision::kBf16;
  ASSERT_EQ(go(setup), RunEnd::kFinished);
  SamHq base = tiny::make_model();
  const TensorMap model = read_pth(folder() / "model.pth");
  for (const auto& [key, tensor] : tiny::copy_weights(base)) {
    if (!is_hq_key(key)) EXPECT_TRUE(torch::equal(model.at(key), tensor)) << key;
  }
}

// A run of 3 x 3 steps with scores by step.
class ValidatedRun : public TrainingRun {
 protected:
  RunEnd go(const TrainOptions& train, const std::vector<double>& scores, bool resume = false) {
    Trainer trainer(tiny::make_model(), train, make_group());
    const TrainingSet set = tiny::make_set(10, broken_after_);
    const RunOptions options{.output = folder(), .resume = resume, .config_text = "train: {}\n"};
    const std::atomic<bool> stop = false;
    return run_training(
        trainer, set, options,
        [&](SamHq&) {
          const int64_t step = trainer.state().at("adam_steps").item<int64_t>();
          steps_.push_back(step);
          return Validation{1, {{"hq.mbiou", scores.at(step - 1)}, {"discs/hq.miou", 7}}};
        },
        stop);
  }
  std::vector<int64_t> steps_;
  int64_t broken_after_ = -1;
};

TEST_F(ValidatedRun, ValidatesEveryFewStepsOrEpochs) {
  TrainOptions train = tiny::train_options();
  train.best_metric = "hq.mbiou";
  train.validate_every.steps = 2;
  const std::vector<double> scores = {0, 2, 0, 9, 0, 3, 0, 8, 1};
  ASSERT_EQ(go(train, scores), RunEnd::kFinished);
  EXPECT_EQ(steps_, (std::vector<int64_t>{2, 4, 6, 8, 9}));
  EXPECT_EQ(read_pth(folder() / "best.pth").metadata.at("step"), "4");
  int64_t within = 0;
  for (const auto& line : metrics()) {
    if (line.at("type") != "valid") continue;
    ++within;
    EXPECT_EQ(line.at("score"), scores[line.at("step").get<int64_t>() - 1]);
    EXPECT_EQ(line.at("valid").at("discs/hq.miou"), 7);
  }
  EXPECT_EQ(within, 3);  // steps 6 and 9 end epochs
  const std::string log = metrics_without_times();
  fs::remove_all(folder());

  broken_after_ = 20;
  train.save_minutes = 0;
  EXPECT_ANY_THROW(go(train, scores));
  broken_after_ = -1;
  ASSERT_EQ(go(train, scores, /*resume=*/true), RunEnd::kFinished);
  EXPECT_EQ(metrics_without_times(), log);
  fs::remove_all(folder());

  steps_.clear();
  train.validate_every = {.epochs = 2};
  ASSERT_EQ(go(train, scores), RunEnd::kFinished);
  EXPECT_EQ(steps_, (std::vector<int64_t>{6, 9}));
}

TEST_F(ValidatedRun, StopsEarlyWhenValidationGetsNoBetter) {
  TrainOptions train = tiny::train_options();
  train.best_metric = "hq.mbiou";
  train.validate_every.steps = 1;
  train.patience = 2;
  ASSERT_EQ(go(train, {1, 4, 3, 5, 4, 5, 6, 7, 8}), RunEnd::kFinished);
  EXPECT_EQ(steps_.back(), 6);
  EXPECT_EQ(read_pth(folder() / "best.pth").metadata.at("step"), "4");
  EXPECT_EQ(read_pth(folder() / "model.pth").metadata.at("step"), "6");
  steps_.clear();
  ASSERT_EQ(go(train, {}, /*resume=*/true), RunEnd::kFinished);
  EXPECT_TRUE(steps_.empty());
}

TEST_F(ValidatedRun, LooksForTheBestAnewWhenItsMeasureChanges) {
  const std::vector<double> scores = {0, 0, 90, 0, 0, 80, 0, 0, 70};
  for (const bool changes : {false, true}) {
    TrainOptions train = tiny::train_options();
    train.best_metric = "hq.mbiou";
    broken_after_ = 14;
    EXPECT_ANY_THROW(go(train, scores));
    broken_after_ = -1;
    EXPECT_EQ(read_pth(folder() / "best.pth").metadata.at("step"), "3");
    if (changes) train.best_metric = "discs/hq.miou";  // 7 each time: less than 90
    ASSERT_EQ(go(train, scores, /*resume=*/true), RunEnd::kFinished);
    EXPECT_EQ(read_pth(folder() / "best.pth").metadata.at("step"), changes ? "6" : "3");
    EXPECT_EQ(load_run_state(state()).state.best_score, changes ? 7 : 90);
    EXPECT_EQ(load_run_state(state()).state.stale, changes ? 1 : 2);
    fs::remove_all(folder());
  }
}

TEST_F(ValidatedRun, GoesOnAfterAScoreThatIsNotANumberAndNeverTakesItForTheBest) {
  TrainOptions train = tiny::train_options();
  train.best_metric = "hq.mbiou";
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    ASSERT_EQ(go(train, {0, 0, bad, 0, 0, 5, 0, 0, bad}), RunEnd::kFinished);
    EXPECT_EQ(read_pth(folder() / "best.pth").metadata.at("step"), "6");
    std::vector<nlohmann::json> of_epochs;
    for (const auto& line : metrics()) {
      if (line.at("type") == "epoch") of_epochs.push_back(line.at("score"));
    }
    EXPECT_EQ(of_epochs, (std::vector<nlohmann::json>{nullptr, 5, nullptr}));
    fs::remove_all(folder());
  }
  train.patience = 2;
  train.validate_every.steps = 1;
  const double bad = std::nan("");
  ASSERT_EQ(go(train, {1, bad, bad, 9, 9, 9, 9, 9, 9}), RunEnd::kFinished);
  EXPECT_EQ(read_pth(folder() / "model.pth").metadata.at("step"), "3");
  EXPECT_EQ(read_pth(folder() / "best.pth").metadata.at("step"), "1");
}

TEST_F(ValidatedRun, NamesTheMetricsItHas) {
  TrainOptions train = tiny::train_options();
  train.best_metric = "hq.mbio";
  try {
    go(train, {1, 2, 3});
    FAIL() << "no Error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'hq.mbiou'?"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace hqsam
