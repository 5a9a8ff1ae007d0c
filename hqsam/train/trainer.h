// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hqsam/comm/group.h"
#include "hqsam/data/loader.h"
#include "hqsam/model/sam_hq.h"
#include "hqsam/tensorfile/tensor_map.h"
#include "hqsam/train/adam.h"
#include "hqsam/train/feature_cache.h"
#include "hqsam/train/flat_parameters.h"
#include "hqsam/train/frozen_weights.h"
#include "hqsam/train/micro_batch.h"
#include "hqsam/train/train_options.h"

namespace hqsam {

struct StepLoss {
  double loss = 0;  // what is minimized: mask + dice + iou
  double mask = 0, dice = 0;
  double iou = 0;  // objective kSam: the IoU head's squared error
};

// The losses are means over the batch of all ranks; the same on every rank.
struct StepResult : StepLoss {
  double gradient_norm = 0;  // before clipping
  bool skipped = false;      // no row, or a loss or a gradient is not finite: the weights stay as they were
  std::string reason;        // where skipped: names the rows, of every rank
  int64_t rows = 0;          // of all ranks
  bool stop = false;         // some rank wanted to
  bool given_up = false;     // some rank could not bring its rows: nothing was done
};

// Parameters that train, by checkpoint key, in the model's order; the others no longer require gradients. With
// kLora those of the HQ modules alone; with kOutputToken mask_tokens, of which the first row alone gets a gradient.
NamedTensors select_trainable(SamHq& model, Trainable trainable);

// Of one rank before a step: kStop after it, kGiveUp before it.
enum class Vote { kGoOn, kStop, kGiveUp };

// One optimizer step at a time: forward and backward over micro batches, one sum over the ranks, then Adam.
class Trainer {
 public:
  // The model stays where it is (device) and in eval mode: SAM has no layer that differs in training.
  // Throws Error for options that do not go together, such as HQ modules to train in a model without.
  Trainer(SamHq model, TrainOptions options, std::shared_ptr<Group> group);

  // rows: this rank's share of one batch; may be fewer or none. epoch (from 0) keys the loss points' draws. lr: of this
  // step; none = options.lr. vote: what this rank has to say of stopping. The gradients of the batch's mean loss,
  // clipped, stay in the parameters until the next step.
  StepResult step(const std::vector<TrainingRow>& rows, int64_t epoch, std::optional<double> lr = {},
                  Vote vote = Vote::kGoOn);

  // Opens cache_features, where they are asked for, with the encoder's weights as they are now; the first step does so
  // otherwise. Throws Error where the folder cannot be made.
  void open_cache();

  // Its weights outside of step() are float32 throughout.
  SamHq& model();
  torch::Device device() const { return flat_->weights().device(); }
  const TrainOptions& options() const { return options_; }
  Group& group() const { return *group_; }
  const NamedTensors& parameters() const { return flat_->named(); }

  // Whether all that state() holds is: what trained with too high a rate need not be.
  bool is_finite() const;

  // Everything that changes in training, for resume to the bit: "weight/<key>", Adam's "exp_avg/<key>" and
  // "exp_avg_sq/<key>", "ema/<key>" with ema_decay, "adam_steps" int64 [1]. On a CPU these are the live tensors:
  // write or clone them before the next step.
  TensorMap state() const;
  // Throws Error, leaving the trainer as it was, when keys or shapes are not this model's.
  void load_state(const TensorMap& state);
  // Rank 0's weights, moments and means on every rank.
  void broadcast_state();

  // With ema_decay the model's weights and their running means change places; else nothing happens. Twice is as it was.
  void swap_average();
  // The model's weights as any program loads them, on the CPU: checkpoint_of with low-rank terms added. trained_only:
  // those of the layers that train.
  TensorMap checkpoint(bool trained_only);

 private:
  torch::Tensor accumulate(std::span<const TrainingRow* const> rows, int64_t epoch);
  torch::Tensor backward(std::span<const TrainingRow* const> rows, const ImageFeatures& features, int64_t epoch);
  torch::Tensor backward_rounds(std::span<const TrainingRow* const> rows, const ImageFeatures& features, int64_t epoch);
  torch::Tensor backward_losses(const DecoderOutput& output, const MicroBatch& batch, double share);
  void prompt_by_own_masks(MicroBatch& batch, const ImageFeatures& features, OwnMask how);
  ImageFeatures encode(std::span<const TrainingRow* const> rows);
  torch::Tensor hq_features(const ImageFeatures& features);
  DecoderOutput decode(const MicroBatch& batch, const ImageFeatures& features, const torch::Tensor& hq_features);
  std::string blame(const std::vector<const TrainingRow*>& rows, const torch::Tensor& losses);
  void update(double lr);
  NamedTensors buffers_to_save() const;

  SamHq model_;
  TrainOptions options_;
  std::shared_ptr<Group> group_;
  std::optional<FlatParameters> flat_;
  std::optional<FrozenWeights> frozen_;
  std::optional<Adam> adam_;
  std::optional<FeatureCache> cache_;  // from the first step on, with cache_features
  torch::Tensor average_;              // like the weights; undefined without ema_decay
  bool trains_encoder_ = false, bf16_ = false;
};

}  // namespace hqsam
