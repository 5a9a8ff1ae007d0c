// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hqsam/comm/group.h"
#include "hqsam/data/loader.h"
#include "hqsam/model/sam_hq.h"
#include "hqsam/tensorfile/tensor_map.h"
#include "hqsam/train/loss.h"
#include "hqsam/train/micro_batch.h"

namespace hqsam {

enum class Objective { kHq, kSam };            // kHq: loss on the HQ mask; kSam: SAM's own masks and IoU head
enum class Trainable { kHq, kAll };            // the five HQ modules, or every parameter
enum class Precision { kAuto, kFp32, kBf16 };  // kAuto: bf16 on CUDA, fp32 on a CPU

struct StepSchedule {
  int64_t drop_after_epoch = 10;  // epochs at the full rate
  double factor = 0.1;            // then lr times this
};

struct TrainOptions {
  Objective objective = Objective::kHq;
  Trainable trainable = Trainable::kHq;
  int64_t epochs = 12;
  int64_t batch_size = 32;  // rows per optimizer step, over all ranks
  int64_t micro_batch = 4;  // rows at a time; the rest is accumulated
  double lr = 1e-3;         // Adam, betas 0.9 0.999, eps 1e-8
  StepSchedule schedule;
  Precision precision = Precision::kAuto;
  uint64_t seed = 42;
  int64_t workers = 4;       // loader threads
  double save_minutes = 10;  // between saves of the resumable state, besides the end of each epoch; 0 = every step
  LossOptions loss;
  void validate() const;  // throws Error naming the field
};

struct StepLoss {
  double loss = 0;  // what is minimized: mask + dice + iou
  double mask = 0, dice = 0;
  double iou = 0;  // objective kSam: the IoU head's squared error
};

// Parameters that train, by checkpoint key, in the model's order; the others no longer require gradients.
std::vector<std::pair<std::string, torch::Tensor>> select_trainable(SamHq& model, Trainable trainable);

// One optimizer step at a time: forward and backward over micro batches, then Adam.
class Trainer {
 public:
  // The model stays where it is (device) and in eval mode: SAM has no layer that differs in training.
  // Throws Error for options that do not go together, such as HQ modules to train in a model without.
  Trainer(SamHq model, TrainOptions options, std::shared_ptr<Group> group);

  // rows: this rank's share of one batch; may be empty with other ranks. epoch (from 0) keys the loss
  // points' draws and the learning rate. Returns the means over the batch of all ranks. The gradients
  // stay in the parameters until the next step. Throws Error, leaving the weights as they were, when a
  // loss or a gradient is not finite; it names the rows.
  StepLoss step(const std::vector<TrainingRow>& rows, int64_t epoch);
  double learning_rate(int64_t epoch) const;

  SamHq& model() { return model_; }
  const TrainOptions& options() const { return options_; }
  const Group& group() const { return *group_; }
  const std::vector<std::pair<std::string, torch::Tensor>>& parameters() const { return parameters_; }

  // Weights that train, Adam's moments and its step count, for resume to the bit: "weight/<key>",
  // "exp_avg/<key>", "exp_avg_sq/<key>", "adam_steps" int64 [1]. On a CPU these are the live tensors:
  // write or clone them before the next step.
  TensorMap state() const;
  // Throws Error, leaving the trainer as it was, when keys or shapes are not this model's.
  void load_state(const TensorMap& state);

 private:
  torch::Tensor backward(std::span<const TrainingRow* const> rows, int64_t epoch, double batch_rows);
  DecoderOutput forward(const MicroBatch& batch);
  StepLoss reduce(const std::vector<const TrainingRow*>& rows, const torch::Tensor& losses, double batch_rows);

  SamHq model_;
  TrainOptions options_;
  std::shared_ptr<Group> group_;
  std::vector<std::pair<std::string, torch::Tensor>> parameters_;
  torch::Tensor gradients_;  // of all parameters in one buffer; each .grad is a view of its part
  bool trains_encoder_ = false, bf16_ = false;
  std::unique_ptr<torch::optim::Adam> optimizer_;
};

}  // namespace hqsam
