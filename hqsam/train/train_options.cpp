// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/train_options.h"

#include <string_view>

#include "hqsam/core/bounds.h"
#include "hqsam/core/error.h"

namespace hqsam {

void TrainOptions::validate() const {
  const auto require = [](std::string_view field, auto value, auto low, auto high, std::string_view note = "") {
    require_within("TrainOptions", field, value, low, high, note);
  };
  require("epochs", epochs, 1, 1'000'000);
  require("batch_size", batch_size, 1, 65'536);
  require("micro_batch", micro_batch, 1, 65'536);
  require("encoder_batch", encoder_batch, 0, 65'536, " (0 = micro_batch)");
  require("lr", lr, 1e-12, 1.0);
  require("clip_grad_norm", clip_grad_norm, 0.0, 1e6, " (0 = off)");
  require("ema.decay", ema_decay, 0.0, 0.999999, " (0 = off)");
  require("workers", workers, 0, kMostWorkers);
  require("validate_every.epochs", validate_every.epochs, 1, 1'000'000);
  require("validate_every.steps", validate_every.steps, 0, 1'000'000'000, " (0 = by epochs)");
  require("patience", patience, 0, 1'000'000, " (0 = off)");
  require("save_minutes", save_minutes, 0.0, 1e6, " (0 = every step)");
  require("keep_states", keep_states, 1, 10'000);
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
