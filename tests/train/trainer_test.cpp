// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/trainer.h"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>

#include "train/tiny.h"

namespace hqsam {
namespace {

// The models of these tests are so small that threads only wait for each other.
struct QuietAndAlone : ::testing::Environment {
  void SetUp() override {
    torch::set_num_threads(1);
    spdlog::set_level(spdlog::level::warn);
  }
};
const auto* const kEnvironment = ::testing::AddGlobalTestEnvironment(new QuietAndAlone);

Trainer make_trainer(const TrainOptions& options, uint64_t seed = 1) {
  return Trainer(tiny::make_model(seed), options, make_group());
}

TrainOptions sam_options() {
  TrainOptions options = tiny::train_options();
  options.objective = Objective::kSam;
  options.trainable = Trainable::kAll;
  return options;
}

std::vector<StepLoss> take_steps(Trainer& trainer, int steps, const std::vector<TrainingRow>& rows) {
  std::vector<StepLoss> losses;
  for (int i = 0; i < steps; ++i) losses.push_back(trainer.step(rows, 0));
  return losses;
}

TEST(Trainer, LowersTheLossAndChangesHqWeightsAlone) {
  Trainer trainer = make_trainer(tiny::train_options());
  const auto before = tiny::copy_weights(trainer.model());
  const auto losses = take_steps(trainer, 40, tiny::make_rows(4));
  EXPECT_LT(losses.back().loss, 0.6 * losses.front().loss);
  EXPECT_NEAR(losses.back().loss, losses.back().mask + losses.back().dice, 1e-6);
  const auto changed = tiny::differing(before, tiny::copy_weights(trainer.model()));
  EXPECT_EQ(changed.size(), trainer.parameters().size());
  EXPECT_EQ(changed.size(), 25u);
  for (const std::string& key : changed) EXPECT_TRUE(is_hq_key(key)) << key;
  for (const auto& item : trainer.model()->named_parameters()) {
    EXPECT_EQ(item.value().requires_grad(), is_hq_key(item.key())) << item.key();
  }
}

TEST(Trainer, GivesTheSameGradientsForAnyMicroBatch) {
  const auto rows = tiny::make_rows(7);
  TrainOptions options = tiny::train_options();
  options.micro_batch = 1;
  Trainer one = make_trainer(options);
  options.micro_batch = 4;
  Trainer four = make_trainer(options);
  const StepLoss a = one.step(rows, 0), b = four.step(rows, 0);
  EXPECT_NEAR(a.loss, b.loss, 1e-6);
  for (size_t i = 0; i < one.parameters().size(); ++i) {
    const auto& [key, parameter] = one.parameters()[i];
    const auto grad = parameter.grad(), other = four.parameters()[i].second.grad();
    EXPECT_GT(grad.abs().max().item<double>(), 0) << key;
    EXPECT_LT((grad - other).abs().max().item<double>(), 1e-5 * grad.abs().max().item<double>()) << key;
  }
}

TEST(Trainer, TakesItsLossPointsFromTheRowsPosition) {
  auto rows = tiny::make_rows(2);
  Trainer first = make_trainer(tiny::train_options()), again = make_trainer(tiny::train_options()),
          elsewhere = make_trainer(tiny::train_options()), next_epoch = make_trainer(tiny::train_options());
  const double loss = first.step(rows, 0).loss;
  EXPECT_EQ(again.step({rows[1], rows[0]}, 0).loss, loss);
  EXPECT_NE(next_epoch.step(rows, 1).loss, loss);
  rows[0].position += 100;
  EXPECT_NE(elsewhere.step(rows, 0).loss, loss);
}

TEST(Trainer, ComesToTheSameBitsTwice) {
  const auto rows = tiny::make_rows(5);
  Trainer a = make_trainer(tiny::train_options()), b = make_trainer(tiny::train_options());
  take_steps(a, 3, rows);
  take_steps(b, 3, rows);
  EXPECT_TRUE(tiny::differing(tiny::copy_weights(a.model()), tiny::copy_weights(b.model())).empty());
}

TEST(Trainer, GoesOnToTheBitFromItsState) {
  const auto rows = tiny::make_rows(4);
  for (const TrainOptions& options : {tiny::train_options(), sam_options()}) {
    Trainer whole = make_trainer(options), before = make_trainer(options), after = make_trainer(options);
    take_steps(before, 2, rows);
    after.load_state(before.state());
    take_steps(before, 1, rows);  // the state was copied
    take_steps(after, 2, rows);
    take_steps(whole, 4, rows);
    EXPECT_TRUE(tiny::differing(tiny::copy_weights(whole.model()), tiny::copy_weights(after.model())).empty());
  }
}

TEST(Trainer, GoesOnFromAStateMadeBeforeTheFirstStep) {
  const auto rows = tiny::make_rows(2);
  Trainer whole = make_trainer(tiny::train_options()), after = make_trainer(tiny::train_options(), /*seed=*/1);
  after.load_state(make_trainer(tiny::train_options()).state());
  take_steps(whole, 2, rows);
  take_steps(after, 2, rows);
  EXPECT_TRUE(tiny::differing(tiny::copy_weights(whole.model()), tiny::copy_weights(after.model())).empty());
}

TEST(Trainer, RefusesAnotherModelsStateAndStaysAsItWas) {
  Trainer trainer = make_trainer(tiny::train_options());
  take_steps(trainer, 1, tiny::make_rows(2));
  const auto before = tiny::copy_weights(trainer.model());
  const TensorMap good = make_trainer(tiny::train_options(), 9).state();

  TensorMap missing = good;
  missing.tensors.erase(missing.tensors.begin() + 5);
  EXPECT_THROW(trainer.load_state(missing), Error);
  TensorMap shape = good;
  shape.tensors[60].second = torch::zeros({3});
  EXPECT_THROW(trainer.load_state(shape), Error);
  TensorMap extra = good;
  extra.set("weight/other", torch::zeros(1));
  EXPECT_THROW(trainer.load_state(extra), Error);
  TensorMap dtype = good;
  dtype.tensors[0].second = dtype.tensors[0].second.to(torch::kFloat64);
  EXPECT_THROW(trainer.load_state(dtype), Error);
  EXPECT_TRUE(tiny::differing(before, tiny::copy_weights(trainer.model())).empty());
}

TEST(Trainer, TeachesSamItsMasksAndItsIouHead) {
  TrainOptions options = sam_options();
  Trainer trainer = make_trainer(options);
  const auto before = tiny::copy_weights(trainer.model());
  const auto losses = take_steps(trainer, 80, tiny::make_rows(4));
  EXPECT_LT(losses.back().loss, 0.6 * losses.front().loss);
  EXPECT_LT(losses.back().iou, 0.5 * losses.front().iou);
  EXPECT_NEAR(losses.back().loss, losses.back().mask + losses.back().dice + losses.back().iou, 1e-6);
  const auto changed = tiny::differing(before, tiny::copy_weights(trainer.model()));
  const auto trained = [&](const std::string& key) {
    return std::find(changed.begin(), changed.end(), key) != changed.end();
  };
  for (const std::string& key : changed) EXPECT_FALSE(is_hq_key(key)) << key;
  for (const char* key : {"image_encoder.patch_embed.proj.weight", "image_encoder.blocks.0.attn.rel_pos_h",
                          "prompt_encoder.mask_downscaling.0.weight", "mask_decoder.iou_token.weight",
                          "mask_decoder.iou_prediction_head.layers.2.bias"}) {
    EXPECT_TRUE(trained(key)) << key;
  }
}

TEST(Trainer, TrainsTheWholeModelOnTheHqMask) {
  TrainOptions options = tiny::train_options();
  options.trainable = Trainable::kAll;
  Trainer trainer = make_trainer(options);
  const auto before = tiny::copy_weights(trainer.model());
  const auto losses = take_steps(trainer, 10, tiny::make_rows(4));
  EXPECT_LT(losses.back().loss, losses.front().loss);
  const auto changed = tiny::differing(before, tiny::copy_weights(trainer.model()));
  EXPECT_GT(changed.size(), trainer.parameters().size() / 2);
}

TEST(Trainer, PassesOverAnEmptyBatchAndRefusesRowsWithoutTheirPrompt) {
  Trainer trainer = make_trainer(tiny::train_options());
  const auto before = tiny::copy_weights(trainer.model());
  const StepResult result = trainer.step({}, 0);
  EXPECT_TRUE(result.skipped);
  EXPECT_EQ(result.rows, 0);
  EXPECT_TRUE(tiny::differing(before, tiny::copy_weights(trainer.model())).empty());
  auto rows = tiny::make_rows(1);
  rows[0].prompt = {};
  EXPECT_THROW(trainer.step(rows, 0), Error);
}

TEST(Trainer, MovesWeightsByTheLearningRate) {
  const auto rows = tiny::make_rows(2);
  for (const double lr : {1e-3, 2.5e-4}) {
    Trainer trainer = make_trainer(tiny::train_options());
    const auto before = tiny::copy_weights(trainer.model());
    trainer.step(rows, 0, lr);
    const std::string key = "mask_decoder.hf_token.weight";
    const auto moved = tiny::copy_weights(trainer.model()).at(key) - before.at(key);
    // Adam's first step is lr in size wherever there is a gradient.
    EXPECT_NEAR(moved.abs().max().item<double>(), lr, 1e-6);
  }
}

TEST(Trainer, RefusesOptionsThatDoNotGoTogether) {
  TrainOptions options = tiny::train_options();
  options.objective = Objective::kSam;
  EXPECT_THROW(make_trainer(options), Error);
  options = tiny::train_options();
  EXPECT_THROW(Trainer(SamHq(without_hq(tiny::model_options())), options, make_group()), Error);
  for (auto change : std::vector<void (*)(TrainOptions&)>{
           [](TrainOptions& o) { o.epochs = 0; }, [](TrainOptions& o) { o.batch_size = 0; },
           [](TrainOptions& o) { o.micro_batch = 0; }, [](TrainOptions& o) { o.lr = 0; },
           [](TrainOptions& o) { o.lr = std::nan(""); }, [](TrainOptions& o) { o.schedule.factor = -1; },
           [](TrainOptions& o) { o.schedule.warmup_steps = -1; }, [](TrainOptions& o) { o.schedule.final_factor = 2; },
           [](TrainOptions& o) { o.clip_grad_norm = -1; }, [](TrainOptions& o) { o.ema_decay = 1; },
           [](TrainOptions& o) { o.encoder_batch = -1; }, [](TrainOptions& o) { o.lora.rank = 0; },
           [](TrainOptions& o) { o.keep_states = 0; }, [](TrainOptions& o) { o.patience = -1; },
           [](TrainOptions& o) { o.validate_every.epochs = 0; },
           [](TrainOptions& o) { o.encoder_batch = 2, o.trainable = Trainable::kAll; },
           [](TrainOptions& o) { o.workers = -1; }, [](TrainOptions& o) { o.save_minutes = -1; },
           [](TrainOptions& o) { o.loss.num_points = 0; }}) {
    options = tiny::train_options();
    change(options);
    EXPECT_THROW(options.validate(), Error);
  }
}

// Adds what the other rank would: twice the numbers, as if it held the same rows.
class TwinGroup final : public Group {
 public:
  int64_t rank() const override { return 0; }
  int64_t size() const override { return 2; }
  void all_reduce_sum(torch::Tensor tensor) override { tensor.mul_(2); }
  std::vector<std::string> all_gather_bytes(const std::string& mine) override { return {mine, mine}; }
  void broadcast(torch::Tensor, int64_t) override {}
  void barrier() override {}
};

TEST(Trainer, AveragesOverTheRanksOfItsGroup) {
  const auto rows = tiny::make_rows(3);
  Trainer alone = make_trainer(tiny::train_options());
  Trainer twin(tiny::make_model(), tiny::train_options(), std::make_shared<TwinGroup>());
  EXPECT_NEAR(alone.step(rows, 0).loss, twin.step(rows, 0).loss, 1e-9);
  for (size_t i = 0; i < alone.parameters().size(); ++i) {
    EXPECT_TRUE(torch::allclose(alone.parameters()[i].second.grad(), twin.parameters()[i].second.grad(), 1e-5, 1e-9));
  }
}

}  // namespace
}  // namespace hqsam
