// SPDX-License-Identifier: Apache-2.0
#include "devices.h"

#include <ATen/autocast_mode.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "comm/ranks.h"
#include "hqsam/comm/group_c10d.h"
#include "train/tiny.h"

namespace hqsam {
namespace {

// What training promises on any device. Without a GPU the CPU is held against itself.
class TrainingOn : public testing_support::OverDevices {
 protected:
  void TearDown() override { at::globalContext().setDeterministicAlgorithms(false, false); }

  static Trainer trainer_on(torch::Device device, const TrainOptions& options,
                            std::shared_ptr<Group> group = make_group()) {
    SamHq model = tiny::make_model();
    model->to(device);
    return Trainer(model, options, std::move(group));
  }
  static Trainer trainer(const TrainOptions& options) { return trainer_on(GetParam(), options); }
  static TrainOptions fp32() {
    TrainOptions options = tiny::train_options();
    options.precision = Precision::kFp32;
    return options;
  }
  static TrainOptions sam() {
    TrainOptions options = fp32();
    options.objective = Objective::kSam;
    options.trainable = Trainable::kAll;
    return options;
  }
  // As a run on the device has them.
  static std::vector<TrainingRow> rows(int64_t count) {
    return tiny::make_rows(count, /*epoch=*/0, /*pinned=*/GetParam().is_cuda());
  }
  // Largest difference of gradients, relative to the largest gradient of each parameter; a millionth of the largest of
  // all is rounding (the keys' biases have no gradient but that).
  static double gradient_difference(const Trainer& a, const Trainer& b) {
    const auto largest = [](const torch::Tensor& tensor) { return tensor.abs().max().item<double>(); };
    double most = 0, largest_of_all = 0;
    for (const auto& [key, parameter] : a.parameters()) {
      largest_of_all = std::max(largest_of_all, largest(parameter.grad()));
    }
    for (size_t i = 0; i < a.parameters().size(); ++i) {
      const auto own = a.parameters()[i].second.grad().cpu(), other = b.parameters()[i].second.grad().cpu();
      most = std::max(most, (largest(own - other) - 1e-6 * largest_of_all) / std::max(largest(own), 1e-30));
    }
    return most;
  }
};
OVER_DEVICES(TrainingOn);

TEST_P(TrainingOn, TakesPinnedRowsWhereAGpuReadsThem) {
  for (const TrainingRow& row : rows(2)) {
    EXPECT_EQ(row.image.is_pinned(), GetParam().is_cuda());
    EXPECT_EQ(row.label.is_pinned(), GetParam().is_cuda());
  }
}

TEST_P(TrainingOn, GivesTheLossAndTheGradientsOfTheCpu) {
  TrainOptions options = fp32();
  for (const Trainable trainable : {Trainable::kHq, Trainable::kAll}) {
    options.trainable = trainable;
    Trainer here = trainer(options), on_cpu = trainer_on(torch::kCPU, options);
    const StepResult result = here.step(rows(7), 0), expected = on_cpu.step(rows(7), 0);
    EXPECT_NEAR(result.loss, expected.loss, 1e-5 * expected.loss);
    EXPECT_NEAR(result.gradient_norm, expected.gradient_norm, 1e-4 * expected.gradient_norm);
    EXPECT_LT(gradient_difference(on_cpu, here), 1e-3);
  }
}

TEST_P(TrainingOn, GoesTheSameWayInBf16) {
  const auto batch = rows(6);
  for (TrainOptions options : {fp32(), sam()}) {
    Trainer exact = trainer(options);
    options.precision = Precision::kBf16;
    Trainer bf16 = trainer(options);
    const double loss = exact.step(batch, 0).loss;
    const double rough = bf16.step(batch, 0).loss;
    EXPECT_NE(rough, loss);
    EXPECT_NEAR(rough, loss, 0.02 * loss);
    double dot = 0, norm_a = 0, norm_b = 0;
    for (size_t i = 0; i < exact.parameters().size(); ++i) {
      const auto a = exact.parameters()[i].second.grad(), b = bf16.parameters()[i].second.grad();
      dot += (a * b).sum().item<double>();
      norm_a += a.square().sum().item<double>();
      norm_b += b.square().sum().item<double>();
    }
    EXPECT_GT(dot / std::sqrt(norm_a * norm_b), 0.97);
    EXPECT_NEAR(std::sqrt(norm_b), std::sqrt(norm_a), 0.1 * std::sqrt(norm_a));
    EXPECT_FALSE(at::autocast::is_autocast_enabled(GetParam().type()));
    EXPECT_EQ(bf16.parameters().front().second.scalar_type(), torch::kFloat32);
  }
}

TEST_P(TrainingOn, IsTheSameToTheBitInDeterministicModeAlsoFromAState) {
  const auto batch = rows(4);
  for (TrainOptions options : {fp32(), sam()}) {
    options.deterministic = true;
    options.precision = Precision::kAuto;
    Trainer whole = trainer(options), before = trainer(options), after = trainer(options);
    for (int i = 0; i < 4; ++i) whole.step(batch, 0);
    for (int i = 0; i < 2; ++i) before.step(batch, 0);
    after.load_state(before.state());
    for (int i = 0; i < 2; ++i) after.step(batch, 0);
    EXPECT_EQ(tiny::differing(tiny::copy_weights(whole.model()), tiny::copy_weights(after.model())),
              std::vector<std::string>{});
  }
}

TEST_P(TrainingOn, SkipsAStepWhoseLossIsNotFiniteAndNamesTheRows) {
  const auto good = rows(4);
  auto bad = rows(4);
  bad[2].label = torch::full_like(bad[2].label, std::numeric_limits<float>::quiet_NaN());
  TrainOptions options = fp32();
  options.deterministic = true;
  Trainer own = trainer(options), without = trainer(options);
  const auto before = tiny::copy_weights(own.model());
  const StepResult result = own.step(bad, 0);
  EXPECT_TRUE(result.skipped);
  EXPECT_EQ(result.reason, "the loss of " + bad[2].name + " is not finite");
  EXPECT_TRUE(tiny::differing(before, tiny::copy_weights(own.model())).empty());
  EXPECT_FALSE(own.step(good, 0).skipped);  // and leaves nothing behind
  without.step(good, 0);
  EXPECT_TRUE(tiny::differing(tiny::copy_weights(own.model()), tiny::copy_weights(without.model())).empty());
}

// Gloo on the CPU, NCCL on a GPU.
TEST_P(TrainingOn, TakesTheSameStepThroughTheTransportOfRanks) {
  RankEnvironment environment;
  environment.master_addr = "127.0.0.1";
  environment.master_port = static_cast<uint16_t>(ranks::free_port());
  const GroupOptions connection{.device = GetParam(), .timeout = std::chrono::seconds(60)};
  Trainer connected = trainer_on(GetParam(), fp32(), std::make_shared<C10dGroup>(environment, connection));
  Trainer alone = trainer(fp32());
  connected.broadcast_state();
  EXPECT_EQ(connected.group().all_gather_bytes("here"), std::vector<std::string>{"here"});
  const StepResult result = connected.step(rows(5), 0), expected = alone.step(rows(5), 0);
  EXPECT_NEAR(result.loss, expected.loss, 1e-6 * expected.loss);
  EXPECT_LT(gradient_difference(alone, connected), 1e-5);
  connected.group().barrier();
}

}  // namespace
}  // namespace hqsam
