// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/train_options.h"

#include <cmath>

#include "hqsam/core/error.h"

namespace hqsam {

void TrainOptions::validate() const {
  const auto require = [](bool good, const char* field, const char* rule, auto value) {
    if (!good) fail("TrainOptions", "{} must be {}, got {}", field, rule, value);
  };
  require(epochs >= 1, "epochs", "at least 1", epochs);
  require(batch_size >= 1, "batch_size", "at least 1", batch_size);
  require(micro_batch >= 1, "micro_batch", "at least 1", micro_batch);
  require(encoder_batch >= 0, "encoder_batch", "0 (micro_batch) or more", encoder_batch);
  require(lr > 0 && std::isfinite(lr), "lr", "above 0", lr);
  require(clip_grad_norm >= 0 && std::isfinite(clip_grad_norm), "clip_grad_norm", "0 (off) or more", clip_grad_norm);
  require(ema_decay >= 0 && ema_decay < 1, "ema.decay", "0 (off) or more and below 1", ema_decay);
  require(workers >= 0, "workers", "0 or more", workers);
  require(validate_every.epochs >= 1, "validate_every.epochs", "at least 1", validate_every.epochs);
  require(validate_every.steps >= 0, "validate_every.steps", "at least 1 (0 = by epochs)", validate_every.steps);
  require(patience >= 0, "patience", "0 (off) or more", patience);
  require(save_minutes >= 0, "save_minutes", "0 or more", save_minutes);
  require(keep_states >= 1, "keep_states", "at least 1", keep_states);
  schedule.validate();
  lora.validate();
  loss.validate();
  if (objective == Objective::kSam && trainable != Trainable::kAll) {
    fail("TrainOptions", "objective sam trains SAM itself, and trainable is not all: set trainable to all");
  }
  if (objective == Objective::kSamMask && (trainable == Trainable::kHq || trainable == Trainable::kLora)) {
    fail("TrainOptions",
         "objective sam_mask trains parts of SAM, and trainable is hq or lora: set it to output_token, decoder or all");
  }
  if (objective == Objective::kHq && trainable == Trainable::kOutputToken) {
    fail("TrainOptions", "trainable output_token is for SAM's own mask: set objective to sam_mask");
  }
  if (objective == Objective::kSam && loss.region != LossRegion::kAll) {
    fail("TrainOptions", "loss.region is for the objectives hq and sam_mask; objective sam has the whole picture");
  }
  const bool trains_encoder = trainable == Trainable::kAll || trainable == Trainable::kLora;
  if (!cache_features.empty() && trains_encoder) {
    fail("TrainOptions",
         "cache_features keeps what an encoder gives that does not train; with trainable all or lora leave it out");
  }
  if (encoder_batch > 0 && trains_encoder) {
    fail("TrainOptions",
         "encoder_batch is for an encoder that does not train; with trainable all or lora lower "
         "micro_batch instead");
  }
}

}  // namespace hqsam
